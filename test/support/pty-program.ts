// A program on a terminal of its own, made by script(1): what it shows, and a terminal that changes its
// size. `await using agent = runOnTerminal('agent', ['connect', '3000'], { env })`.
import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { StringDecoder } from 'node:string_decoder'
import { resolve } from 'node:path'
import { Changes } from './changes.ts'
import { deadline } from './deadline.ts'
import { repositoryRoot } from './run-program.ts'
import { TestTerminal } from './test-terminal.ts'

/** A program that starts on a machine that is busy with others. */
const showsWithinMs = 40_000

export interface TerminalOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly columns?: number
  readonly rows?: number
}

export interface TerminalProgram extends AsyncDisposable {
  readonly terminal: TestTerminal
  /** Everything that came, as it came. */
  readonly output: string
  /** What is typed: '\x03' is Ctrl-C. */
  type(text: string): void
  /** Waits until the screen shows it. */
  shows(what: string, holds: (lines: readonly string[]) => boolean): Promise<void>
  resize(columns: number, rows: number): Promise<void>
  /** Its exit code. */
  readonly exited: Promise<number | null>
}

export function runOnTerminal(
  entry: string,
  args: readonly string[],
  options: TerminalOptions = {},
): TerminalProgram {
  const { columns = 80, rows = 24, env = {} } = options
  const conditions = process.execArgv.filter((flag) => flag.startsWith('--conditions='))
  const script = resolve(repositoryRoot, entry)
  const words = [process.execPath, ...conditions, '--', script, ...args].map(quoted).join(' ')
  // The terminal is there before the program, with its size; its name tells whom to resize later, and
  // the number whom to kill: a program that takes SIGHUP for something else outlives its terminal.
  const command = `stty rows ${rows} cols ${columns}; tty; echo "process $$"; exec ${words}`
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    cwd: tmpdir(),
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      SHELL: '/bin/sh',
      TERM: 'xterm-256color',
      ...env,
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const terminal = new TestTerminal(columns, rows)
  const changes = new Changes()
  const decoder = new StringDecoder()
  let output = ''
  let shown: readonly string[] = []
  child.stdin.on('error', () => {})
  child.stdout.on('data', (chunk: Buffer) => {
    const text = decoder.write(chunk)
    output += text
    terminal.write(text)
    void look()
  })
  const look = async (): Promise<void> => {
    shown = await terminal.lines()
    changes.tell()
  }
  const exited = new Promise<number | null>((settle, fail) => {
    child.once('error', fail)
    child.once('close', (code) => settle(code))
  })
  exited.catch(() => {})
  return {
    terminal,
    get output() {
      return output
    },
    type: (text) => void child.stdin.write(text),
    shows: (what, holds) =>
      changes.until(
        what,
        () => holds(shown),
        () => `\n${shown.join('\n')}`,
        showsWithinMs,
      ),
    async resize(newColumns, newRows) {
      const name = /\/dev\/pts\/\d+/.exec(output)?.[0]
      if (name === undefined) throw new Error('the terminal has no name')
      await terminal.resize(newColumns, newRows)
      const stty = spawn('stty', ['-F', name, 'cols', `${newColumns}`, 'rows', `${newRows}`])
      const code = await new Promise((settle) => stty.once('close', settle))
      if (code !== 0) throw new Error(`stty ended with ${String(code)}`)
      await look()
    },
    exited,
    async [Symbol.asyncDispose]() {
      const pid = /^process (\d+)/m.exec(output)?.[1]
      if (pid !== undefined && child.exitCode === null) killIfAlive(Number(pid))
      child.kill('SIGKILL')
      await deadline(
        exited.catch(() => null),
        10_000,
        'end of the program on a terminal',
      )
    },
  }
}

function killIfAlive(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}
