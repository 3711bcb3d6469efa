// The `agent` program inside the test's process: as cheap as a call, with the output and the exit code of
// the real one. `await using agent = new Command(['connect', '3000'], { SALLYPORT_JOIN: … })`.
import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { tmpdir } from 'node:os'
import { PassThrough } from 'node:stream'
import { main } from '@sallyport/agent'
import { Changes } from './changes.ts'
import { deadline } from './deadline.ts'

type Event = Readonly<Record<string, unknown>>

export class Command implements AsyncDisposable {
  stdout = ''
  stderr = ''
  readonly #changes = new Changes()
  readonly #signals = new EventEmitter()
  readonly #exit: Promise<number>

  constructor(args: readonly string[], env: Readonly<Record<string, string>>) {
    const output = (name: 'stdout' | 'stderr') => ({
      write: (text: string) => {
        this[name] += text
        this.#changes.tell()
      },
    })
    this.#exit = main(args, {
      env: { PATH: process.env['PATH'], ...env },
      stdin: new PassThrough(),
      stdout: output('stdout'),
      stderr: output('stderr'),
      pid: process.pid,
      kill: (pid, signal) => process.kill(pid, signal),
      cwd: tmpdir,
      on: (signal, listener) => this.#signals.on(signal, listener),
      off: (signal, listener) => this.#signals.off(signal, listener),
    })
  }

  /** The first event of that name on stdout (`--json`). */
  async event(name: string): Promise<Event> {
    const find = (): Event | undefined =>
      this.stdout
        .split('\n')
        .flatMap((line): Event[] => (line.startsWith('{') ? [parseEvent(line)] : []))
        .find(({ event }) => event === name)
    await this.#until(`event ${name}`, () => find() !== undefined)
    return find() ?? assert.fail('no event')
  }

  line(text: RegExp): Promise<void> {
    return this.#until(`${String(text)} on stdout`, () => text.test(this.stdout))
  }

  errorLine(text: RegExp): Promise<void> {
    return this.#until(`${String(text)} on stderr`, () => text.test(this.stderr))
  }

  signal(signal: 'SIGINT' | 'SIGTERM'): void {
    this.#signals.emit(signal)
  }

  async expectExit(expected: number): Promise<void> {
    assert.equal(await deadline(this.#exit, 30_000, 'exit'), expected, this.stderr)
  }

  /** Ends what still runs, at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.signal('SIGINT')
    this.signal('SIGINT')
    await deadline(this.#exit, 30_000, 'end of the command')
  }

  #until(what: string, holds: () => boolean): Promise<void> {
    const said = (): string => `stdout: ${this.stdout} stderr: ${this.stderr}`
    return this.#changes.until(what, holds, said, 30_000)
  }
}

function parseEvent(line: string): Event {
  const value: unknown = JSON.parse(line)
  assert.ok(typeof value === 'object' && value !== null, line)
  return { ...value }
}
