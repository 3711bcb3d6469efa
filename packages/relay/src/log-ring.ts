// The last lines of the log, in memory, for who asks at the deploy door: nobody can log in where the
// relay runs.
import { maxDeployLogLines } from '@sallyport/protocol'
import { maxLogRingChars } from './limits.ts'

export class LogRing {
  readonly #lines: string[] = []
  readonly #now: () => Date
  #chars = 0

  constructor(now: () => Date) {
    this.#now = now
  }

  /** A whole line, with its end; the oldest go. */
  add(text: string): void {
    const line = `${this.#now().toISOString()} ${text}`
    this.#lines.push(line)
    this.#chars += line.length
    while (this.#lines.length > maxDeployLogLines || this.#chars > maxLogRingChars) {
      this.#chars -= this.#lines.shift()?.length ?? 0
    }
  }

  /** The last `count` lines, oldest first. */
  last(count: number): readonly string[] {
    return this.#lines.slice(-count)
  }
}
