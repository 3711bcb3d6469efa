// A reader in another language: a process that gets streams on stdin and answers lines of JSON.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import { deadline } from '../deadline.ts'
import { programPath } from '../requires.ts'
import { temporaryDirectory } from '../temporary-directory.ts'
import type { HttpReader, Reading } from './http-reader.ts'
import type { ResponseReader } from './response-differential.ts'

const answerTimeoutMs = 120_000

class ProcessReader implements HttpReader, ResponseReader {
  readonly name: string
  readonly #child: ChildProcess
  readonly #onDispose: () => Promise<void>
  readonly #lines: string[] = []
  #wanted = 0
  #resolve: (() => void) | undefined

  constructor(name: string, child: ChildProcess, onDispose: () => Promise<void>) {
    this.name = name
    this.#child = child
    this.#onDispose = onDispose
    if (!child.stdout) throw new Error('no stdout')
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.#lines.push(line)
      if (this.#lines.length === this.#wanted) this.#resolve?.()
    })
  }

  read(streams: readonly Buffer[]): Promise<readonly Reading[]> {
    return this.ask(streams)
  }

  async ask<Answer>(streams: readonly Buffer[]): Promise<readonly Answer[]> {
    this.#lines.length = 0
    this.#wanted = streams.length
    if (streams.length === 0) return []
    const answered = new Promise<void>((resolve) => {
      this.#resolve = resolve
    })
    const parts = streams.flatMap((stream) => {
      const length = Buffer.alloc(4)
      length.writeUInt32BE(stream.length)
      return [length, stream]
    })
    this.#child.stdin?.write(Buffer.concat(parts))
    await deadline(answered, answerTimeoutMs, `answer of ${this.name}`)
    return this.#lines.map((line) => JSON.parse(line) as Answer)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.stdin?.end()
    await deadline(ended, 10_000, `end of ${this.name}`)
    await this.#onDispose()
  }
}

const here = import.meta.dirname

/** What the streams hold. */
type Reads = 'requests' | 'responses'

/** Go's net/http: the server's reading of requests, the client's of responses. */
export async function startGoReader(reads: Reads = 'requests'): Promise<ProcessReader> {
  const directory = await temporaryDirectory()
  const binary = directory.join('go-reader')
  const built = spawnSync(programPath('go'), ['build', '-o', binary, '.'], {
    cwd: join(here, 'go-reader'),
    encoding: 'utf8',
    env: { ...process.env, GOFLAGS: '-mod=mod', GOTOOLCHAIN: 'local' },
  })
  if (built.status !== 0) throw new Error(`go build: ${built.stderr}`)
  const child = spawn(binary, [reads], { stdio: ['pipe', 'pipe', 'inherit'] })
  return new ProcessReader('net/http', child, async () => await directory[Symbol.asyncDispose]())
}

/** Python's h11, likewise. */
export function startH11Reader(reads: Reads = 'requests'): ProcessReader {
  const child = spawn(programPath('h11'), [join(here, 'h11-reader.py'), reads], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  return new ProcessReader('h11', child, () => Promise.resolve())
}
