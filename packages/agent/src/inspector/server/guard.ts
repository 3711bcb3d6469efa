// Who may ask the inspector. A web page that a person visits can send requests to loopback too: by its
// own name pointed there (DNS rebinding) or across sites. Neither gets anything, and data needs the token
// of this run, which stands in no cookie that a browser would send by itself.
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isIPv6 } from 'node:net'

export type Refusal = { readonly status: 401 | 403; readonly message: string }

/** Whether the request names this machine, and comes from no other site. */
export function checkSite(request: IncomingMessage): Refusal | undefined {
  const { host, origin } = request.headers
  const name = hostOf(host)
  if (name === undefined || !isOwnName(name, request.socket.localAddress)) {
    return refuse(403, 'the Host is not an address of this machine')
  }
  if (origin !== undefined && origin !== `http://${host ?? ''}`) {
    return refuse(403, 'the Origin is another site')
  }
  const site = request.headers['sec-fetch-site']
  const isNavigation = request.headers['sec-fetch-mode'] === 'navigate' && request.method === 'GET'
  if (site !== undefined && site !== 'same-origin' && site !== 'none' && !isNavigation) {
    return refuse(403, 'the request comes from another site')
  }
  return undefined
}

/** Whether it carries the token: `Authorization: Bearer TOKEN`. */
export function checkToken(request: IncomingMessage, token: string): Refusal | undefined {
  const [, given = ''] = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '') ?? []
  return timingSafeEqual(digest(given), digest(token))
    ? undefined
    : refuse(401, 'the token of this run is missing or wrong: open the link that the agent printed')
}

function refuse(status: Refusal['status'], message: string): Refusal {
  return { status, message }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Of `name:port`, without brackets, in small letters. */
function hostOf(host: string | undefined): string | undefined {
  const [, bracketed, plain] =
    /^(?:\[([0-9a-f:.]+)\]|([^:[\]\s/@]+))(?::\d{1,5})?$/i.exec(host ?? '') ?? []
  return (bracketed ?? plain)?.toLowerCase()
}

/** An address cannot be rebound, only names can: `localhost`, loopback, and where it came in. */
function isOwnName(name: string, localAddress: string | undefined): boolean {
  if (name === 'localhost' || name === '::1' || /^127(?:\.\d{1,3}){3}$/.test(name)) return true
  const own = localAddress?.toLowerCase().replace(/^::ffff:(?=\d)/, '')
  return own !== undefined && (name === own || (isIPv6(name) && isIPv6(own) && sameIpv6(name, own)))
}

function sameIpv6(one: string, other: string): boolean {
  return new URL(`http://[${one}]`).hostname === new URL(`http://[${other}]`).hostname
}
