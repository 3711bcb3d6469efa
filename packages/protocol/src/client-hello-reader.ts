// The first reader of every connection to the front door (byte path 1): collects TLS records (RFC
// 8446 §5.1) until a ClientHello is whole, however bytes and records cut it, and keeps every byte for
// whoever speaks next. Opens no socket and answers nothing.
import { brokenHello, type ClientHello, parseClientHello } from './client-hello.ts'
import { maxClientHelloBytes, maxClientHelloRecordBytes, maxRecordBytes } from './limits.ts'

const recordHeaderBytes = 5
const handshakeRecord = 22
const majorVersion = 3
const handshakeHeaderBytes = 4
const clientHelloType = 1
/** What a hello without post-quantum keys needs; the buffer doubles from there. */
const firstBufferBytes = 512

export class ClientHelloReader {
  #bytes = Buffer.alloc(0)
  #filled = 0
  /** Where in `#bytes` the scan stands, always at a byte that was not looked at. */
  #scanned = 0
  #recordStart = 0
  #recordLeft = 0
  /** Bytes of the handshake message seen so far, and what its first four said. */
  #messageSeen = 0
  #messageHeader = 0
  #messageBytes = Infinity

  /** Everything that was pushed, to be put back: a view, valid until the next push. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#filled)
  }

  /**
   * Takes the next bytes (a copy of them) and gives the hello once it is whole. Throws SP_PROTOCOL at
   * the first byte that cannot belong to one, and is of no further use then, as after the hello.
   */
  push(chunk: Uint8Array): ClientHello | undefined {
    this.#append(chunk)
    while (this.#scanned < this.#filled) {
      if (this.#recordLeft === 0) this.#scanRecordHeader()
      else this.#scanFragment()
      // In the loop, so that the verdict does not depend on how the bytes arrived.
      if (this.#scanned > maxClientHelloRecordBytes) {
        throw brokenHello('records', `to end within ${maxClientHelloRecordBytes} bytes`)
      }
      if (this.#messageSeen >= this.#messageBytes) return parseClientHello(this.#assemble())
    }
    return undefined
  }

  #append(chunk: Uint8Array): void {
    const needed = this.#filled + chunk.length
    if (needed > this.#bytes.length) {
      const grown = Buffer.alloc(Math.max(firstBufferBytes, needed, 2 * this.#bytes.length))
      grown.set(this.bytes)
      this.#bytes = grown
    }
    this.#bytes.set(chunk, this.#filled)
    this.#filled = needed
  }

  /** One byte of a record's header, judged as soon as it can be. */
  #scanRecordHeader(): void {
    const byte = this.#bytes.readUInt8(this.#scanned)
    const at = this.#scanned++ - this.#recordStart
    if (at === 0 && byte !== handshakeRecord) {
      throw brokenHello('record type', '22, a TLS handshake', String(byte))
    }
    // The minor version means nothing (RFC 8446 §5.1).
    if (at === 1 && byte !== majorVersion) {
      throw brokenHello('record version', '3, TLS', String(byte))
    }
    if (at < recordHeaderBytes - 1) return
    const length = this.#bytes.readUInt16BE(this.#scanned - 2)
    if (length === 0 || length > maxRecordBytes) {
      throw brokenHello('record length', `1 to ${maxRecordBytes} bytes`, String(length))
    }
    this.#recordLeft = length
  }

  #scanFragment(): void {
    // The message's header one byte at a time, the rest as it comes.
    const available = Math.min(this.#recordLeft, this.#filled - this.#scanned)
    const taken = this.#messageSeen < handshakeHeaderBytes ? 1 : available
    if (this.#messageSeen < handshakeHeaderBytes) this.#scanMessageHeader()
    this.#messageSeen += taken
    this.#scanned += taken
    this.#recordLeft -= taken
    if (this.#recordLeft === 0) this.#recordStart = this.#scanned
  }

  #scanMessageHeader(): void {
    const byte = this.#bytes.readUInt8(this.#scanned)
    if (this.#messageSeen === 0 && byte !== clientHelloType) {
      throw brokenHello('handshake type', '1, a ClientHello', String(byte))
    }
    this.#messageHeader = (this.#messageHeader << 8) | byte
    if (this.#messageSeen < handshakeHeaderBytes - 1) return
    const length = this.#messageHeader & 0xff_ffff
    if (length > maxClientHelloBytes) {
      throw brokenHello('handshake length', `at most ${maxClientHelloBytes} bytes`, String(length))
    }
    this.#messageBytes = handshakeHeaderBytes + length
  }

  /** The message's body, joined from its records when there are several. */
  #assemble(): Buffer {
    const parts: Buffer[] = []
    let missing = this.#messageBytes
    for (let at = 0; missing > 0;) {
      const start = at + recordHeaderBytes
      const taken = Math.min(missing, this.#bytes.readUInt16BE(at + 3))
      parts.push(this.#bytes.subarray(start, start + taken))
      missing -= taken
      at = start + taken
    }
    const [first, ...more] = parts
    const message = first !== undefined && more.length === 0 ? first : Buffer.concat(parts)
    return message.subarray(handshakeHeaderBytes)
  }
}
