// The fields that tell an origin who asked and how (RFC 7239 and the X-Forwarded family): one block of
// bytes per request, each field once. What the visitor claimed about itself is not in it, unless the
// visitor is a proxy that the user trusts.
import { isIP } from 'node:net'
import { type AddressSet, plainAddress } from './address-rules.ts'
import type { FieldList } from './field-list.ts'
import { trimSpaces } from './message-fields.ts'
import { isToken } from './octets.ts'

export interface ForwardedOptions {
  readonly visitorAddress: string
  /** The public port that the visitor came to. */
  readonly listenerPort: number
  readonly trustedProxies: AddressSet | undefined
}

/** What a request that came through a trusted proxy says; fields that came twice joined by commas. */
export interface ForwardingClaims {
  readonly forwardedFor: string | undefined
  readonly forwarded: string | undefined
}

export class ForwardedFields {
  /** True when the visitor's own claims count. */
  readonly trustsVisitor: boolean
  readonly #address: string
  readonly #port: number
  readonly #trusted: AddressSet | undefined
  #host: string | undefined
  #block: Buffer = Buffer.alloc(0)

  constructor(options: ForwardedOptions) {
    this.#address = plainAddress(options.visitorAddress)
    this.#port = options.listenerPort
    this.#trusted = options.trustedProxies
    this.trustsVisitor = options.trustedProxies?.has(this.#address) ?? false
  }

  /**
   * The fields for a request that asked for `host` (as written), each line with its CRLF. The claims
   * count behind a trusted proxy: they are kept, and its address stands behind them.
   */
  block(host: string, claims: ForwardingClaims): Buffer {
    if (this.trustsVisitor) return blockOf(this.list(host, claims))
    // One visitor asks for one host, almost always.
    if (host !== this.#host) {
      this.#block = blockOf(this.list(host, claims))
      this.#host = host
    }
    return this.#block
  }

  /** The same as names and values. */
  list(host: string, claims: ForwardingClaims): FieldList {
    const before = this.trustsVisitor && claims.forwardedFor ? `${claims.forwardedFor}, ` : ''
    const elements = this.trustsVisitor && claims.forwarded ? `${claims.forwarded}, ` : ''
    const node = isIP(this.#address) === 6 ? `"[${this.#address}]"` : this.#address
    const quotedHost = isToken(host) ? host : `"${host}"`
    return [
      ['X-Forwarded-For', before + this.#address],
      ['X-Forwarded-Proto', 'https'],
      ['X-Forwarded-Host', host],
      ['X-Forwarded-Port', String(this.#port)],
      ['X-Real-IP', this.clientAddress(claims.forwardedFor)],
      ['Forwarded', `${elements}for=${node};host=${quotedHost};proto=https`],
    ]
  }

  /** Who asked: the visitor or, behind trusted proxies, the last address that none of them owns. */
  clientAddress(forwardedFor: string | undefined): string {
    let client = this.#address
    if (!this.trustsVisitor || !forwardedFor) return client
    for (const entry of forwardedFor.split(',').toReversed()) {
      const address = addressOf(entry)
      if (address === undefined) return client
      client = address
      if (!this.#trusted?.has(address)) return client
    }
    return client
  }
}

function blockOf(fields: FieldList): Buffer {
  return Buffer.from(fields.map(([name, value]) => `${name}: ${value}\r\n`).join(''), 'latin1')
}

/** One entry of X-Forwarded-For; some proxies add a port. */
function addressOf(entry: string): string | undefined {
  const text = trimSpaces(entry)
  const match = /^\[([^\]]+)\](?::[0-9]+)?$|^([0-9.]+):[0-9]+$/.exec(text)
  const address = plainAddress(match?.[1] ?? match?.[2] ?? text)
  return isIP(address) === 0 ? undefined : address
}
