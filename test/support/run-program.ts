// One of our programs (or any other) as a process of its own: output by lines, exit code, a certain
// end. `await using relay = runProgram('relay', ['--dir', directory.path])`.
import assert from 'node:assert/strict'
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { dirname, resolve } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { deadline } from './deadline.ts'
import { Lines } from './lines.ts'

export const repositoryRoot = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

const entries = {
  relay: 'packages/relay/src/cli.ts',
  agent: 'packages/agent/src/cli.ts',
  provisioner: 'packages/provisioner/src/cli.ts',
  sallyport: 'packages/sallyport/src/cli.ts',
} as const

export interface RunOptions {
  /** Added to PATH, HOME and TMPDIR: the rest of the test's environment stays outside. */
  readonly env?: Readonly<Record<string, string>>
  /** Default: the system's temporary directory, where no `.env` of a checkout is found. */
  readonly cwd?: string
  /** Written to the program's stdin, which then ends. Absent = stdin stays open and empty. */
  readonly stdin?: string
  /** Further options of Node itself, for our programs: `--trace-gc`. */
  readonly nodeFlags?: readonly string[]
  /** How many descriptors the process may have open; prlimit (util-linux) sees to it. */
  readonly descriptors?: number
}

/** For what takes a fraction of a second: a machine on which others work may need a hundred times that. */
const patienceMs = 30_000

/** What runs now. The test runner ends a file that is late by SIGTERM: its programs go with it. */
const running = new Set<ChildProcessByStdio<Writable, Readable, Readable>>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})
process.once('SIGTERM', () => process.exit(143))

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** Starts one of our programs from its sources, under the Node and the conditions of the tests. */
export function runProgram(
  name: keyof typeof entries,
  args: readonly string[],
  options: RunOptions = {},
): Program {
  return runScript(entries[name], args, options)
}

/** Starts a script of the repository (`scripts/demo.ts`) in the same way. */
export function runScript(
  path: string,
  args: readonly string[],
  options: RunOptions = {},
): Program {
  // The test runner hands every option of Node's down; programs get the one that users give them.
  const conditions = process.execArgv.filter((flag) => flag.startsWith('--conditions='))
  const nodeFlags = [...conditions, ...(options.nodeFlags ?? [])]
  const script = resolve(repositoryRoot, path)
  const words = [...nodeFlags, '--', script, ...args]
  const { descriptors } = options
  if (descriptors === undefined) return runCommand(process.execPath, words, options)
  // Node raises its soft limit to the hard one.
  const limit = `--nofile=${descriptors}:${descriptors}`
  return runCommand('prlimit', [limit, '--', process.execPath, ...words], options)
}

/** Starts any program. */
export function runCommand(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Program {
  const env: NodeJS.ProcessEnv = { ...options.env }
  for (const name of ['PATH', 'HOME', 'TMPDIR']) env[name] ??= process.env[name]
  const child = spawn(command, args, {
    cwd: options.cwd ?? tmpdir(),
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  if (options.stdin !== undefined) child.stdin.end(options.stdin)
  return new Program(child, [command, ...args].join(' '))
}

export class Program implements AsyncDisposable {
  readonly stdout: Lines
  readonly stderr: Lines
  readonly stdin: Writable
  /** Settled when the process is gone and its output read; rejects when it could not be started. */
  readonly exited: Promise<Exit>
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>
  readonly #commandLine: string

  constructor(child: ChildProcessByStdio<Writable, Readable, Readable>, commandLine: string) {
    this.#child = child
    this.#commandLine = commandLine
    this.stdin = child.stdin
    // A program may end without reading its input.
    this.stdin.on('error', () => {})
    this.stdout = new Lines(child.stdout)
    this.stderr = new Lines(child.stderr)
    this.exited = new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, signal) => resolve({ code, signal }))
      running.add(child)
      child.once('exit', () => running.delete(child))
    })
    this.exited.catch(() => {})
  }

  get pid(): number {
    return this.#child.pid ?? assert.fail(`${this.#commandLine} was not started`)
  }

  /** The first line of stdout that contains `text` or matches it. */
  line(text: string | RegExp, ms = patienceMs): Promise<string> {
    return this.#seen(this.stdout.find(`line ${String(text)} on stdout`, picker(text), ms))
  }

  /** The first line of stderr that contains `text` or matches it. */
  errorLine(text: string | RegExp, ms = patienceMs): Promise<string> {
    return this.#seen(this.stderr.find(`line ${String(text)} on stderr`, picker(text), ms))
  }

  /** The first NDJSON event of that name on stdout (`--json`). */
  event(name: string, ms = patienceMs): Promise<Readonly<Record<string, unknown>>> {
    const pick = (line: string) => {
      const event = parseObject(line)
      return event?.['event'] === name ? event : undefined
    }
    return this.#seen(this.stdout.find(`event '${name}' on stdout`, pick, ms))
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Waits for the end and asserts how it came: an exit code, or the signal that killed it. */
  async expectExit(expected: number | NodeJS.Signals, ms = patienceMs): Promise<void> {
    const { code, signal } = await this.#seen(deadline(this.exited, ms, 'exit'))
    if ((signal ?? code) === expected) return
    throw new Error(`exited with ${String(signal ?? code)}, not ${expected}${this.#transcript()}`)
  }

  /** Kills what still runs. A test that cares how its program ends asks `expectExit` before. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL')
    await deadline(
      this.exited.catch(() => undefined),
      10_000,
      `end of ${this.#commandLine} after SIGKILL`,
    )
  }

  /** A failure tells what the program had said until then. */
  async #seen<T>(awaited: Promise<T>): Promise<T> {
    try {
      return await awaited
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      throw new Error(`${message}${this.#transcript()}`, { cause: error })
    }
  }

  #transcript(): string {
    const said = (name: string, lines: Lines) =>
      lines.all.slice(-40).map((line) => `\n  ${name}: ${line}`)
    const output = [...said('stdout', this.stdout), ...said('stderr', this.stderr)].join('')
    return `\n  ${this.#commandLine}${output === '' ? '\n  (printed nothing)' : output}`
  }
}

function picker(text: string | RegExp): (line: string) => string | undefined {
  return (line) => {
    const matches = typeof text === 'string' ? line.includes(text) : text.test(line)
    return matches ? line : undefined
  }
}

function parseObject(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}
