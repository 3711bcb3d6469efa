// The last lines of the log, for who asks at the deploy door: nobody can log in where the relay runs.
// A file of D keeps them over the end of the process, because who asks mostly wants to know why it ended.
import { closeSync, openSync, renameSync, writeFileSync, writeSync } from 'node:fs'
import { maxDeployLogLines } from '@sallyport/protocol'
import { maxLogRingChars } from './limits.ts'
import type { StateDirectory } from './state-directory.ts'

export class LogRing implements Disposable {
  readonly #lines: string[] = []
  readonly #now: () => Date
  #chars = 0
  #path: string | undefined
  #file: number | undefined
  /** In the file since it was last written anew. */
  #appended = 0

  constructor(now: () => Date) {
    this.#now = now
  }

  /** Whole lines, with their end; the oldest go. */
  add(text: string): void {
    const lines = `${this.#now().toISOString()} ${text}`
    this.#remember(lines)
    this.#append(lines)
  }

  /** The last `count` lines, oldest first. */
  last(count: number): readonly string[] {
    return this.#lines.slice(-count)
  }

  /** From here on the file has them too; what it has of earlier starts comes before ours. */
  async keepIn(state: StateDirectory): Promise<void> {
    // A file that cannot be read costs its lines, never the relay.
    const earlier = await state.read('log.txt').catch(() => undefined)
    const own = this.#lines.splice(0)
    this.#chars = 0
    for (const line of [...(earlier ?? '').split(/(?<=\n)/), ...own]) this.#remember(line)
    this.#path = state.file('log.txt')
    this.#rewrite()
  }

  [Symbol.dispose](): void {
    if (this.#file !== undefined) closeSync(this.#file)
    this.#file = undefined
    this.#path = undefined
  }

  #remember(line: string): void {
    if (line === '') return
    this.#lines.push(line)
    this.#chars += line.length
    while (this.#lines.length > maxDeployLogLines || this.#chars > maxLogRingChars) {
      this.#chars -= this.#lines.shift()?.length ?? 0
    }
  }

  /** At once, not in the background: the last line before an end is the one that counts. Lines are few
   * (what strangers cause at will is not logged), and go to the page cache. */
  #append(line: string): void {
    if (this.#file === undefined) return
    try {
      writeSync(this.#file, line)
      this.#appended += line.length
    } catch {
      // A full disk costs lines, never visits.
    }
    // So the file has twice the ring at most.
    if (this.#appended > maxLogRingChars) this.#rewrite()
  }

  #rewrite(): void {
    if (this.#path === undefined) return
    this.#appended = 0
    try {
      const fresh = `${this.#path}.new`
      writeFileSync(fresh, this.#lines.join(''), { mode: 0o600 })
      renameSync(fresh, this.#path)
      const file = openSync(this.#path, 'a', 0o600)
      if (this.#file !== undefined) closeSync(this.#file)
      this.#file = file
    } catch {
      // As above; the file of before goes on, where there was one.
    }
  }
}
