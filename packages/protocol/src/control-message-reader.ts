// The framing of the control stream: each message is a 4-byte big-endian length and that many bytes
// of JSON (UTF-8). docs/protocol.md §5. Knows nothing of streams: bytes in, messages out.
import { type ControlMessage, parseAgentMessage, parseRelayMessage } from './control-message.ts'
import { badInput, SallyportError } from './errors.ts'
import { maxControlMessageBytes } from './limits.ts'

const lengthBytes = 4
/** The shortest JSON object: `{}`. */
const minMessageBytes = 2

/** A message with its length before it. Throws SP_INTERNAL for one that the peer would refuse. */
export function encodeControlMessage(message: ControlMessage): Buffer {
  const body = Buffer.from(JSON.stringify(checked(message)))
  if (body.length > maxControlMessageBytes) {
    throw new SallyportError(
      'SP_INTERNAL',
      `a ${message.type} message of ${body.length} bytes is over ${maxControlMessageBytes}`,
    )
  }
  const framed = Buffer.allocUnsafe(lengthBytes + body.length)
  framed.writeUInt32BE(body.length, 0)
  body.copy(framed, lengthBytes)
  return framed
}

/**
 * Cuts a byte stream into messages: `new ControlMessageReader(parseAgentMessage)` on the relay,
 * `(parseRelayMessage)` on the agent. Holds at most one message of maxControlMessageBytes. After a
 * throw it is of no further use.
 */
export class ControlMessageReader<M> {
  readonly #parse: (value: unknown) => M
  readonly #length = Buffer.alloc(lengthBytes)
  #lengthFilled = 0
  #body: Buffer | undefined
  #bodyFilled = 0

  constructor(parse: (value: unknown) => M) {
    this.#parse = parse
  }

  /** True between messages: where the stream may end. */
  get isEmpty(): boolean {
    return this.#lengthFilled === 0
  }

  /** Takes the next bytes, however cut, and gives the messages that they complete; keeps no view of
   * `chunk`. Throws SP_PROTOCOL (SP_VERSION for the hello of another version). */
  push(chunk: Uint8Array): M[] {
    const messages: M[] = []
    let at = 0
    while (at < chunk.length) {
      if (this.#body === undefined) {
        this.#length[this.#lengthFilled++] = chunk[at++] ?? 0
        if (this.#lengthFilled === lengthBytes) this.#body = Buffer.allocUnsafe(this.#bodyLength())
        continue
      }
      const taken = Math.min(this.#body.length - this.#bodyFilled, chunk.length - at)
      this.#body.set(chunk.subarray(at, at + taken), this.#bodyFilled)
      this.#bodyFilled += taken
      at += taken
      if (this.#bodyFilled < this.#body.length) break
      const body = this.#body
      this.#body = undefined
      this.#lengthFilled = 0
      this.#bodyFilled = 0
      messages.push(this.#parse(decodeJson(body)))
    }
    return messages
  }

  #bodyLength(): number {
    const length = this.#length.readUInt32BE(0)
    if (length < minMessageBytes || length > maxControlMessageBytes) {
      throw badInput('SP_PROTOCOL', {
        what: 'message length',
        where: 'control stream',
        value: String(length),
        right: `${minMessageBytes} to ${maxControlMessageBytes} bytes`,
      })
    }
    return length
  }
}

/** What we send goes through the same check as what we receive. */
function checked(message: ControlMessage): ControlMessage {
  try {
    return message.type === 'registered' || message.type === 'notice'
      ? parseRelayMessage(message)
      : parseAgentMessage(message)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : ''
    throw new SallyportError('SP_INTERNAL', `would send a wrong message: ${why}`, { cause })
  }
}

function decodeJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    // The engine's message quotes the text: not for a line of ours.
    throw badInput('SP_PROTOCOL', {
      what: `message of ${body.length} bytes`,
      where: 'control stream',
      right: 'JSON in UTF-8',
    })
  }
}
