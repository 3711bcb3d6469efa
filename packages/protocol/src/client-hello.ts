// A TLS ClientHello (RFC 8446 §4.1.2, also the older versions' of the same form): which host (SNI,
// RFC 6066 §3) and which protocols (ALPN, RFC 7301 §3.1) a caller of the front door wants. The whole
// form is checked, so that OpenSSL, which reads the same bytes later, cannot see another name in it.
import { badInput, type SallyportError } from './errors.ts'

export interface ClientHello {
  /** Lower case; visible ASCII, not necessarily a host name. */
  readonly sni?: string
  /** In the caller's order; one character a byte. */
  readonly alpn: readonly string[]
}

const Extension = { serverName: 0, alpn: 16 } as const
const hostNameType = 0
const randomBytes = 32
const maxSessionIdBytes = 32
/** As OpenSSL's TLSEXT_MAXLEN_host_name. */
const maxSniBytes = 255

/** Reads the body of the handshake message (after its 4-byte header). Throws SP_PROTOCOL. */
export function parseClientHello(body: Buffer): ClientHello {
  const hello = new Cursor(body, 'message')
  hello.take(2, 'legacy version')
  hello.take(randomBytes, 'random')
  if (hello.vector8('session id').length > maxSessionIdBytes) {
    throw brokenHello('session id', `at most ${maxSessionIdBytes} bytes`)
  }
  const suites = hello.vector16('cipher suites').length
  if (suites === 0 || suites % 2 !== 0) throw brokenHello('cipher suites', 'two bytes each')
  if (hello.vector8('compression methods').length === 0) {
    throw brokenHello('compression methods', 'one at least')
  }
  if (hello.isEmpty) return { alpn: [] } // TLS 1.2 without extensions (RFC 5246 §7.4.1.2)

  const extensions = new Cursor(hello.vector16('extensions'), 'extensions')
  hello.finish()
  const seen = new Set<number>()
  let sni: string | undefined
  let alpn: readonly string[] = []
  while (!extensions.isEmpty) {
    const type = extensions.number(2, 'extension type')
    const data = extensions.vector16(`extension ${type}`)
    // RFC 8446 §4.2: no type twice.
    if (seen.has(type)) throw brokenHello(`extension ${type}`, 'to stand once')
    seen.add(type)
    if (type === Extension.serverName) sni = parseServerName(data)
    if (type === Extension.alpn) alpn = parseAlpn(data)
  }
  return sni === undefined ? { alpn } : { sni, alpn }
}

/** The error for a ClientHello whose `what` is not `right`. */
export function brokenHello(what: string, right: string, value?: string): SallyportError {
  const shown = value === undefined ? {} : { value }
  return badInput('SP_PROTOCOL', { what, where: 'ClientHello', ...shown, right })
}

function parseServerName(data: Buffer): string {
  const extension = new Cursor(data, 'server name extension')
  const list = new Cursor(extension.vector16('server name list'), 'server name list')
  extension.finish()
  const type = list.number(1, 'server name type')
  if (type !== hostNameType) throw brokenHello('server name type', '0, a host name', String(type))
  const name = list.vector16('server name').toString('latin1')
  list.finish() // one name of a type, and there is but one type
  if (name.length > maxSniBytes || !/^[\x21-\x7e]+$/.test(name)) {
    throw brokenHello('server name', `1 to ${maxSniBytes} visible ASCII characters`, name)
  }
  return name.toLowerCase()
}

function parseAlpn(data: Buffer): readonly string[] {
  const extension = new Cursor(data, 'ALPN extension')
  const list = new Cursor(extension.vector16('ALPN list'), 'ALPN list')
  extension.finish()
  const names: string[] = []
  do {
    const name = list.vector8('ALPN name').toString('latin1')
    if (name === '') throw brokenHello('ALPN name', 'one character at least')
    names.push(name)
  } while (!list.isEmpty)
  return names
}

/** Reads forward through bytes that end where their length said. */
class Cursor {
  readonly #bytes: Buffer
  readonly #what: string
  #at = 0

  constructor(bytes: Buffer, what: string) {
    this.#bytes = bytes
    this.#what = what
  }

  get isEmpty(): boolean {
    return this.#at === this.#bytes.length
  }

  take(length: number, what: string): Buffer {
    if (length > this.#bytes.length - this.#at) {
      throw brokenHello(what, `to end within the ${this.#what}`)
    }
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  number(bytes: 1 | 2, what: string): number {
    return this.take(bytes, what).readUIntBE(0, bytes)
  }

  vector8(what: string): Buffer {
    return this.take(this.number(1, what), what)
  }

  vector16(what: string): Buffer {
    return this.take(this.number(2, what), what)
  }

  finish(): void {
    if (!this.isEmpty) throw brokenHello(this.#what, 'nothing after its last part')
  }
}
