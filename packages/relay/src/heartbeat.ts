// Two empty files of D whose times tell a timer outside of this process how the relay is: `alive`, while
// its event loop turns, and `active`, while agents or visitors are there. Node cannot speak to
// systemd's watchdog (sd_notify is a datagram on a unix socket, which node:dgram does not do).
import { utimes, writeFile } from 'node:fs/promises'
import type { Clock } from '@sallyport/mux'
import { heartbeatFileMs } from './limits.ts'
import type { StateDirectory } from './state-directory.ts'
import { hasCode } from './system-error.ts'

export interface HeartbeatOptions {
  readonly state: StateDirectory
  readonly clock: Clock
  /** True while an agent or a visitor is there. */
  isBusy(): boolean
  /** Once, when the files cannot be touched. */
  onFailure(message: string): void
}

export class Heartbeat implements AsyncDisposable {
  readonly #options: HeartbeatOptions
  #timer: ReturnType<Clock['setTimeout']> | undefined
  /** Starting counts: who made the machine is about to use it. */
  #wasBusy = true
  #hasFailed = false
  #last: Promise<void> = Promise.resolve()

  constructor(options: HeartbeatOptions) {
    this.#options = options
    this.#beat()
  }

  /** Somebody was there, perhaps between two beats. */
  noteActivity(): void {
    this.#wasBusy = true
  }

  /** Settled once the beats so far are on the disk. */
  get written(): Promise<void> {
    return this.#last
  }

  #beat(): void {
    const { clock, isBusy } = this.#options
    this.#timer = clock.setTimeout(() => this.#beat(), heartbeatFileMs)
    const names = this.#wasBusy || isBusy() ? ['alive', 'active'] : ['alive']
    this.#wasBusy = false
    this.#last = this.#last.then(() => this.#touch(names))
  }

  async #touch(names: readonly string[]): Promise<void> {
    const { state, onFailure } = this.#options
    try {
      for (const name of names) await touch(state.file(name))
    } catch (error) {
      if (this.#hasFailed) return
      this.#hasFailed = true
      onFailure(`the heartbeat is not written: ${error instanceof Error ? error.message : ''}`)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#timer) this.#options.clock.clearTimeout(this.#timer)
    await this.#last
  }
}

async function touch(path: string): Promise<void> {
  const now = new Date()
  try {
    await utimes(path, now, now)
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error
    await writeFile(path, '')
  }
}
