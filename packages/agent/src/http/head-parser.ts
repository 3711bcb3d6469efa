// Finds the lines and fields of a head (request, response or trailer section), strictly and however
// it is cut (RFC 9112 §2.2, §5). A head that lies whole in one read is looked at where it lies; of a
// cut one the bytes are kept, bounded. What the fields mean is not known here.
import { type ErrorCode, SallyportError } from '@sallyport/protocol'
import { FieldKind, fieldKindAt } from './field-kinds.ts'
import { maxHeadBytes, maxHeadFields, maxHeadLineBytes, maxLeadingEmptyLines } from './limits.ts'
import { COLON, CR, HTAB, LF, SP, tokenOctets, valueOctets } from './octets.ts'

const State = {
  leading: 0,
  leadingLf: 1,
  startLine: 2,
  startLineLf: 3,
  fieldStart: 4,
  name: 5,
  space: 6,
  value: 7,
  valueLf: 8,
  finalLf: 9,
  done: 10,
} as const
type State = (typeof State)[keyof typeof State]

/** A head of a request, of a response, or only fields (a trailer section). */
export type HeadShape = 'request' | 'response' | 'requestTrailer' | 'responseTrailer'

const tooLargeCodes: Readonly<Record<HeadShape, ErrorCode>> = {
  request: 'SP_HTTP_HEAD_TOO_LARGE',
  response: 'SP_ORIGIN_BAD_RESPONSE',
  requestTrailer: 'SP_HTTP_HEAD_TOO_LARGE',
  responseTrailer: 'SP_ORIGIN_BAD_RESPONSE',
}

/** Integers per field: name start, name end, value start, value end, 1 when canonical. */
const stride = 5

/** What every status line begins with. */
const httpVersion = 'HTTP/1.'

/** Kept in the pool with its buffer when that is no larger. */
const pooledHoldBytes = 4096

export class HeadParser {
  /** Where the offsets point. Not the parser's own: valid until the read that it came with ends. */
  bytes: Buffer = Buffer.alloc(0)
  startLineStart = 0
  startLineEnd = 0
  fieldCount = 0
  readonly #table = new Int32Array(maxHeadFields * stride)
  readonly #kinds: FieldKind[] = []
  #shape: HeadShape = 'request'
  #state: State = State.leading
  #emptyLines = 0
  #lineStart = 0
  /** Own copy of what came in earlier reads, when the head was cut. */
  #hold: Buffer | undefined
  #heldBytes = 0
  /** Of this head, with the empty lines before it. */
  #seenBytes = 0

  begin(shape: HeadShape): void {
    this.#shape = shape
    this.#state =
      shape === 'request'
        ? State.leading
        : shape === 'response'
          ? State.startLine
          : State.fieldStart
    this.#emptyLines = this.#heldBytes = this.#seenBytes = 0
    this.#lineStart = -1
    this.startLineStart = this.startLineEnd = 0
    this.fieldCount = 0
    if (this.#hold && this.#hold.length > pooledHoldBytes) this.#hold = undefined
  }

  /** True when bytes of a head came, but not all of it. */
  get isCut(): boolean {
    return this.#heldBytes > 0
  }

  /**
   * Takes bytes [start, end). Returns the offset behind the head, or -1 when all were taken and more
   * are needed.
   * @throws {SallyportError} SP_HTTP_BAD_REQUEST, SP_HTTP_HEAD_TOO_LARGE or SP_ORIGIN_BAD_RESPONSE.
   */
  push(buffer: Buffer, start: number, end: number): number {
    const taken = Math.min(end - start, maxHeadBytes - this.#seenBytes)
    const held = this.#heldBytes
    if (held > 0) this.#append(buffer, start, start + taken)
    else this.bytes = buffer
    this.#seenBytes += taken

    const from = held > 0 ? held : start
    const next = this.#scan(this.bytes, from, from + taken)
    if (this.#state === State.done) return start + next - from
    if (this.#seenBytes >= maxHeadBytes) throw this.#tooLarge('a head')
    // Empty lines before it are not kept.
    if (held === 0 && this.#lineStart >= 0) this.#keep(buffer, this.#headStart(), end)
    return -1
  }

  kind(field: number): FieldKind {
    return this.#kinds[field] ?? FieldKind.other
  }

  nameStart(field: number): number {
    return this.#table[field * stride] ?? 0
  }

  nameEnd(field: number): number {
    return this.#table[field * stride + 1] ?? 0
  }

  valueStart(field: number): number {
    return this.#table[field * stride + 2] ?? 0
  }

  valueEnd(field: number): number {
    return this.#table[field * stride + 3] ?? 0
  }

  /** True when the line reads `Name: value CRLF` already, so that it may be copied as it stands. */
  isCanonical(field: number): boolean {
    return this.#table[field * stride + 4] === 1
  }

  nameText(field: number): string {
    return this.bytes.toString('latin1', this.nameStart(field), this.nameEnd(field))
  }

  valueText(field: number): string {
    return this.bytes.toString('latin1', this.valueStart(field), this.valueEnd(field))
  }

  #headStart(): number {
    const hasStartLine = this.#shape === 'request' || this.#shape === 'response'
    if (hasStartLine) return this.startLineStart
    return this.fieldCount > 0 ? this.nameStart(0) : this.#lineStart
  }

  /** Moves the head's first part into the own buffer; the offsets move with it. */
  #keep(buffer: Buffer, from: number, end: number): void {
    for (let index = 0; index < this.fieldCount * stride; index++) {
      if (index % stride < 4) this.#table[index] = (this.#table[index] ?? 0) - from
    }
    // The field under way stands behind the counted ones.
    const open = this.fieldCount * stride
    for (let index = open; index < open + 4 && index < this.#table.length; index++) {
      this.#table[index] = (this.#table[index] ?? 0) - from
    }
    this.startLineStart -= from
    this.startLineEnd -= from
    this.#lineStart -= from
    this.#append(buffer, from, end)
  }

  #append(buffer: Buffer, start: number, end: number): void {
    const needed = this.#heldBytes + end - start
    let hold = this.#hold
    if (!hold || hold.length < needed) {
      const grown = Buffer.allocUnsafe(Math.max(1024, 2 ** Math.ceil(Math.log2(needed))))
      hold?.copy(grown, 0, 0, this.#heldBytes)
      this.#hold = hold = grown
    }
    buffer.copy(hold, this.#heldBytes, start, end)
    this.#heldBytes = needed
    this.bytes = hold
  }

  /** Goes on at `at` in the state reached; returns where it stopped: behind the head, or at `end`. */
  #scan(bytes: Buffer, at: number, end: number): number {
    const table = this.#table
    let state = this.#state
    let field = this.fieldCount * stride
    while (at < end) {
      const octet = bytes[at] ?? 0
      switch (state) {
        case State.leading:
          if (octet === CR) {
            if (++this.#emptyLines > maxLeadingEmptyLines) throw this.#bad('too many empty lines')
            state = State.leadingLf
            at++
          } else {
            this.#lineStart = this.startLineStart = at
            state = State.startLine
          }
          break
        case State.leadingLf:
          if (octet !== LF) throw this.#bad('a bare CR')
          state = State.leading
          at++
          break
        case State.startLine: {
          if (this.#lineStart < 0) this.#lineStart = this.startLineStart = at
          at = skip(valueOctets, bytes, at, end)
          this.#checkLine(at)
          if (at === end) break
          if (bytes[at] !== CR) throw this.#badOctet(bytes[at])
          this.startLineEnd = at++
          state = State.startLineLf
          break
        }
        case State.startLineLf:
          if (octet !== LF) throw this.#bad('a bare CR')
          this.#checkStatusLine()
          this.#lineStart = ++at
          state = State.fieldStart
          break
        case State.fieldStart:
          this.#lineStart = at
          if (octet === CR) {
            state = State.finalLf
            at++
            break
          }
          if (octet === SP || octet === HTAB) throw this.#bad('a folded line (obs-fold)')
          if (this.fieldCount === maxHeadFields) throw this.#tooLarge('the number of fields')
          table[field] = at
          state = State.name
          break
        case State.name: {
          at = skip(tokenOctets, bytes, at, end)
          this.#checkLine(at)
          if (at === end) break
          const start = table[field] ?? 0
          if (bytes[at] !== COLON || at === start) throw this.#badName(bytes[at])
          table[field + 1] = at
          this.#kinds[this.fieldCount] = fieldKindAt(bytes, start, at)
          table[field + 2] = ++at
          state = State.space
          break
        }
        case State.space:
          if (octet === SP || octet === HTAB) at++
          else state = State.value
          table[field + 2] = at
          break
        case State.value: {
          at = skip(valueOctets, bytes, at, end)
          this.#checkLine(at)
          if (at === end) break
          if (bytes[at] !== CR) throw this.#badOctet(bytes[at])
          const valueStart = table[field + 2] ?? 0
          let valueEnd = at
          while (valueEnd > valueStart && isSpace(bytes[valueEnd - 1])) valueEnd--
          table[field + 3] = valueEnd
          const nameEnd = table[field + 1] ?? 0
          const isPlain = valueEnd === at && valueStart === nameEnd + 2 && bytes[nameEnd + 1] === SP
          table[field + 4] = isPlain ? 1 : 0
          state = State.valueLf
          at++
          break
        }
        case State.valueLf:
          if (octet !== LF) throw this.#bad('a bare CR')
          at++
          this.fieldCount++
          field += stride
          state = State.fieldStart
          break
        case State.finalLf:
          if (octet !== LF) throw this.#bad('a bare CR')
          this.#state = State.done
          return at + 1
        case State.done:
          return at
      }
    }
    this.#state = state
    return at
  }

  /** An origin that speaks something else (SSH, SMTP) would wait for us after its first line. */
  #checkStatusLine(): void {
    if (this.#shape !== 'response') return
    const start = this.startLineStart
    if (this.bytes.toString('latin1', start, start + httpVersion.length) === httpVersion) return
    throw this.#bad('no HTTP/1 in its first line')
  }

  #checkLine(at: number): void {
    if (at - this.#lineStart > maxHeadLineBytes) throw this.#tooLarge('a line of a head')
  }

  #badName(octet: number | undefined): SallyportError {
    if (octet === SP || octet === HTAB) return this.#bad('white space in or behind a field name')
    if (octet === COLON) return this.#bad('an empty field name')
    if (octet === CR || octet === LF) return this.#bad('a field line without a colon')
    return this.#badOctet(octet)
  }

  #badOctet(octet: number | undefined): SallyportError {
    if (octet === LF) return this.#bad('a bare LF')
    return this.#bad(`the octet 0x${(octet ?? 0).toString(16).padStart(2, '0')} in a head`)
  }

  #bad(what: string): SallyportError {
    const isRequest = this.#shape === 'request' || this.#shape === 'requestTrailer'
    return isRequest
      ? new SallyportError('SP_HTTP_BAD_REQUEST', `the request has ${what}`)
      : new SallyportError('SP_ORIGIN_BAD_RESPONSE', `the origin's response has ${what}`)
  }

  #tooLarge(what: string): SallyportError {
    return new SallyportError(tooLargeCodes[this.#shape], `${what} is above the bound`)
  }
}

function skip(table: Uint8Array, bytes: Buffer, at: number, end: number): number {
  while (at < end && table[bytes[at] ?? 0] === 1) at++
  return at
}

function isSpace(octet: number | undefined): boolean {
  return octet === SP || octet === HTAB
}
