// Every program that a run starts, so that all of them end with it, also when it fails or is
// interrupted. Nothing else on the machine is touched.
import { spawn, type ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { isConnected, isListening, processTree } from './proc.ts'
import type { Place } from './topology.ts'

export interface ProgramSpec {
  /** How messages call it. */
  readonly name: string
  readonly argv: readonly string[]
  readonly place: Place
  readonly env?: Readonly<Record<string, string>>
}

/** Output kept of a program, for the message when it fails. A load's JSON result fits whole. */
const keptOutputChars = 4 * 1024 * 1024

/** How much of the output a failure shows. */
const shownOutputChars = 600

export class Running {
  readonly pid: number
  readonly name: string
  stdout = ''
  stderr = ''
  readonly #child: ChildProcess
  /** 'close' comes after the last output, 'exit' may come before it. */
  readonly #closed: Promise<void>

  constructor(spec: ProgramSpec, env: NodeJS.ProcessEnv) {
    const [command = '', ...args] = [...spec.place.prefix, ...spec.argv]
    this.name = spec.name
    this.#child = spawn(command, args, {
      env: { ...env, ...spec.env },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true, // Ctrl-C reaches this program alone, which then ends them all
    })
    this.#closed = new Promise((resolve) => {
      this.#child.once('close', () => resolve())
      this.#child.once('error', (error) => {
        this.stderr += error.message
        resolve()
      })
    })
    this.#child.stdin?.on('error', () => {}) // it ended before it read everything
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout = (this.stdout + text).slice(-keptOutputChars)
    })
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr = (this.stderr + text).slice(-keptOutputChars)
    })
    // No pid: it could not be started, and the 'error' above says why.
    this.pid = this.#child.pid ?? 0
  }

  get hasEnded(): boolean {
    return this.pid === 0 || this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  /** Waits for its end; true when it exited with 0. */
  async ended(timeoutMs: number): Promise<boolean> {
    const late = sleep(timeoutMs, 'late', { ref: false })
    if ((await Promise.race([this.#closed, late])) === 'late') {
      throw this.failure(`did not end within ${timeoutMs / 1000} s`)
    }
    return this.#child.exitCode === 0
  }

  /** Waits until `ready` gives something; fails at once when the program ends before. */
  async until<T>(what: string, timeoutMs: number, ready: () => T | undefined | false): Promise<T> {
    const end = performance.now() + timeoutMs
    for (;;) {
      const value = ready()
      if (value !== undefined && value !== false) return value
      if (this.hasEnded) throw this.failure(`ended before ${what}`)
      if (performance.now() > end) throw this.failure(`not ${what} within ${timeoutMs / 1000} s`)
      await sleep(5)
    }
  }

  listening(port: number, timeoutMs = 10_000): Promise<boolean> {
    return this.until(`listening on ${port}`, timeoutMs, () => isListening(this.pid, port))
  }

  /** Until every connection to that port of its own is closed. */
  idle(port: number, timeoutMs = 10_000): Promise<boolean> {
    return this.until(`idle on ${port}`, timeoutMs, () => !isConnected(this.pid, port))
  }

  /** Writes to its standard input. */
  send(text: string): void {
    this.#child.stdin?.write(text)
  }

  /** An error that shows the end of what the program wrote. */
  failure(what: string): Error {
    const output = `${this.stdout}${this.stderr}`.trim().slice(-shownOutputChars)
    return new Error(`${this.name} ${what}${output === '' ? '' : `: ${output}`}`)
  }

  /** Ends it and all that it started, at once: nothing of a measured program is kept. */
  kill(): void {
    if (this.hasEnded) return
    for (const pid of processTree(this.pid)) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // it ended meanwhile
      }
    }
  }

  async stop(): Promise<void> {
    this.kill()
    await this.ended(5_000)
  }
}

export class Processes {
  readonly #env: NodeJS.ProcessEnv
  readonly #all = new Set<Running>()

  constructor(env: NodeJS.ProcessEnv) {
    this.#env = env
  }

  start(spec: ProgramSpec): Running {
    const running = new Running(spec, this.#env)
    this.#all.add(running)
    return running
  }

  /** Runs a program to its end and gives its output; a status other than 0 is an error. */
  async run(spec: ProgramSpec, timeoutMs: number): Promise<string> {
    const running = this.start(spec)
    try {
      if (!(await running.ended(timeoutMs))) throw running.failure('failed')
      return running.stdout
    } finally {
      await this.stop(running)
    }
  }

  async stop(running: Running): Promise<void> {
    await running.stop()
    this.#all.delete(running)
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#all].map((running) => this.stop(running)))
  }

  /** For the end of the program itself, when nothing can be waited for. */
  killAll(): void {
    for (const running of this.#all) running.kill()
  }
}
