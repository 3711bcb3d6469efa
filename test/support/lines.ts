// The lines of a running program's output, kept from the first one, with waiting for a certain one.
import type { Readable } from 'node:stream'
import { createInterface } from 'node:readline'
import { deadline } from './deadline.ts'

export class Lines {
  /** Every line so far, without line ends. */
  readonly all: string[] = []
  /** Settled when the output has ended and `all` is complete. */
  readonly ended: Promise<void>
  readonly #listeners = new Set<() => void>()
  #isEnded = false

  constructor(readable: Readable) {
    const reader = createInterface({ input: readable })
    reader.on('line', (line) => {
      this.all.push(line)
      this.#tell()
    })
    this.ended = new Promise((resolve) => {
      reader.once('close', () => {
        this.#isEnded = true
        this.#tell()
        resolve()
      })
    })
  }

  get text(): string {
    return this.all.join('\n')
  }

  /** The first line, from the start on, that `pick` gives a value for; rejects at the end of output. */
  async find<T>(what: string, pick: (line: string) => T | undefined, ms: number): Promise<T> {
    let listener: (() => void) | undefined
    let next = 0
    const found = new Promise<T>((resolve, reject) => {
      listener = () => {
        while (next < this.all.length) {
          const picked = pick(this.all[next++] ?? '')
          if (picked !== undefined) return resolve(picked)
        }
        if (this.#isEnded) reject(new Error(`the output ended without ${what}`))
      }
      this.#listeners.add(listener)
      listener()
    })
    try {
      return await deadline(found, ms, what)
    } finally {
      if (listener) this.#listeners.delete(listener)
    }
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }
}
