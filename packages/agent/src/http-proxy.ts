// Which HTTP proxy stands between agent and relay, as curl and others read it from the environment:
// https_proxy or HTTPS_PROXY, unless no_proxy or NO_PROXY names the relay. The password is a secret.
import { type ErrorCode, Secret, badInput, portOf } from '@sallyport/protocol'

export interface HttpProxy {
  readonly host: string
  readonly port: number
  /** `user:password` as written in its url, decoded. */
  readonly credentials: Secret | undefined
}

/** What a variable holds, and where it stands; undefined when it is not set. */
export type FindVariable = (
  name: string,
) => { readonly text: string; readonly where: string; readonly code: ErrorCode } | undefined

/** @throws {SallyportError} SP_CONFIG for a proxy's url that is none. */
export function chooseHttpProxy(
  relay: { readonly host: string; readonly port: number },
  find: FindVariable,
): HttpProxy | undefined {
  const written = find('https_proxy') ?? find('HTTPS_PROXY')
  if (!written) return undefined
  const exempt = (find('no_proxy') ?? find('NO_PROXY'))?.text ?? ''
  if (isExempt(relay, exempt)) return undefined
  return parseHttpProxy(written.text, written.where, written.code)
}

/** Reads `http://[USER:PASSWORD@]HOST[:PORT]`; the value is never shown. */
export function parseHttpProxy(text: string, where: string, code: ErrorCode): HttpProxy {
  const right = 'http://[USER:PASSWORD@]HOST[:PORT]'
  const url = URL.parse(text.includes('://') ? text : `http://${text}`)
  // What a URL leaves out is its scheme's own port.
  const port = url && (url.port === '' ? 80 : portOf(url.port, 1))
  if (!url || !port || url.protocol !== 'http:' || url.hostname === '' || url.pathname !== '/') {
    throw badInput(code, { what: 'HTTP proxy', where, right })
  }
  const { username, password } = url
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  if (username === '' && password === '') return { host, port, credentials: undefined }
  try {
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
    return { host, port, credentials: new Secret(credentials) }
  } catch {
    throw badInput(code, { what: 'HTTP proxy', where, right })
  }
}

/** `example.com` and `.example.com` stand for the name and all below it; `*` for everything. */
function isExempt({ host, port }: { host: string; port: number }, list: string): boolean {
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => {
      const [, name = '', only] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(entry) ?? []
      if (entry === '' || (only !== undefined && Number(only) !== port && !entry.includes('::'))) {
        return false
      }
      if (entry === '*' || entry === host) return true
      const bare = name.replace(/^\*?\./, '')
      return bare !== '' && (host === bare || host.endsWith(`.${bare}`))
    })
}
