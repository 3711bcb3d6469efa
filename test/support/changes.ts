// Waiting for a condition of something that calls `tell` whenever it changes: no polling, no sleep.
import { deadline } from './deadline.ts'

export class Changes {
  readonly #listeners = new Set<() => void>()

  /** Something changed: every waiting condition is looked at again. */
  tell(): void {
    for (const listener of this.#listeners) listener()
  }

  /** Resolves once `holds` gives true; rejects after `ms` with `what` and what `state` shows then. */
  async until(what: string, holds: () => boolean, state = () => '', ms = 10_000): Promise<void> {
    let listener: (() => void) | undefined
    const held = new Promise<void>((resolve, reject) => {
      listener = () => {
        try {
          if (holds()) resolve()
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)))
        }
      }
      this.#listeners.add(listener)
      listener()
    })
    try {
      await deadline(held, ms, what)
    } catch (error) {
      const shown = state()
      if (shown !== '' && error instanceof Error) error.message += ` (${shown})`
      throw error
    } finally {
      if (listener) this.#listeners.delete(listener)
    }
  }
}
