// The framing of the deploy door, both ways: a head (JSON) and a body (bytes), their lengths before
// them. docs/protocol.md §12. Bytes in, frames out; what a head means is deploy-message.ts.
import { badInput, SallyportError } from './errors.ts'
import { maxDeployBodyBytes, maxDeployHeadBytes } from './limits.ts'

export interface DeployFrame {
  readonly head: unknown
  readonly body: Buffer
}

/** Two lengths of four bytes. */
const prefixBytes = 8
/** The shortest JSON object: `{}`. */
const minHeadBytes = 2

/** @throws {SallyportError} SP_INTERNAL for one that the peer would refuse. */
export function encodeDeployFrame(head: object, body: Uint8Array = Buffer.alloc(0)): Buffer {
  const json = Buffer.from(JSON.stringify(head))
  if (json.length > maxDeployHeadBytes || body.length > maxDeployBodyBytes) {
    throw new SallyportError(
      'SP_INTERNAL',
      `a message of ${json.length} and ${body.length} bytes is too large for the deploy door`,
    )
  }
  const prefix = Buffer.alloc(prefixBytes)
  prefix.writeUInt32BE(json.length, 0)
  prefix.writeUInt32BE(body.length, 4)
  return Buffer.concat([prefix, json, body])
}

/** Cuts a byte stream into frames. Holds at most one, and of that only what has come. */
export class DeployFrameReader {
  #held: Buffer[] = []
  #heldBytes = 0
  #headBytes = 0
  #bodyBytes = 0
  #hasPrefix = false

  /** True between frames: where the stream may end. */
  get isEmpty(): boolean {
    return this.#heldBytes === 0 && !this.#hasPrefix
  }

  /**
   * The next bytes, however cut, and the frames that they complete. After a throw it is of no use.
   * @throws {SallyportError} SP_PROTOCOL.
   */
  push(chunk: Buffer): DeployFrame[] {
    this.#held.push(chunk)
    this.#heldBytes += chunk.length
    const frames: DeployFrame[] = []
    for (;;) {
      if (!this.#hasPrefix) {
        const prefix = this.#take(prefixBytes)
        if (prefix === undefined) return frames
        this.#headBytes = checkLength('head', prefix.readUInt32BE(0), minHeadBytes)
        this.#bodyBytes = checkLength('body', prefix.readUInt32BE(4), 0)
        this.#hasPrefix = true
      }
      const bytes = this.#take(this.#headBytes + this.#bodyBytes)
      if (bytes === undefined) return frames
      this.#hasPrefix = false
      frames.push({
        head: decodeJson(bytes.subarray(0, this.#headBytes)),
        body: bytes.subarray(this.#headBytes),
      })
    }
  }

  /** Exactly so many of the bytes held; undefined until they are there. */
  #take(bytes: number): Buffer | undefined {
    if (this.#heldBytes < bytes) return undefined
    const all = Buffer.concat(this.#held)
    this.#held = all.length > bytes ? [all.subarray(bytes)] : []
    this.#heldBytes -= bytes
    return all.subarray(0, bytes)
  }
}

function checkLength(part: 'head' | 'body', length: number, min: number): number {
  const max = part === 'head' ? maxDeployHeadBytes : maxDeployBodyBytes
  if (length >= min && length <= max) return length
  throw badInput('SP_PROTOCOL', {
    what: `length of the ${part}`,
    where: 'deploy door',
    value: String(length),
    right: `${min} to ${max} bytes`,
  })
}

function decodeJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    // The engine's message quotes the text: not for a line of ours.
    throw badInput('SP_PROTOCOL', {
      what: `head of ${bytes.length} bytes`,
      where: 'deploy door',
      right: 'JSON in UTF-8',
    })
  }
}
