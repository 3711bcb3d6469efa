// A text that may be used but not shown: every way in which JavaScript turns a value into text gives
// `[redacted]`. It guards against accidents (logs, errors, JSON), not against code that asks.
import { inspect } from 'node:util'

const redacted = '[redacted]'

/** Wraps a secret text. `reveal()` is the only way back to it. */
export class Secret {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  /** The secret itself: for the one place that needs it, never for a message. */
  reveal(): string {
    return this.#text
  }

  toString(): string {
    return redacted
  }

  toJSON(): string {
    return redacted
  }

  [Symbol.toPrimitive](): string {
    return redacted
  }

  [inspect.custom](): string {
    return redacted
  }
}
