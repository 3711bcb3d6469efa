// All readers at once: llhttp, net/http, h11, nginx, and the naive one.
import type { HttpReader } from './http-reader.ts'
import { createNaiveReader } from './naive-reader.ts'
import { startNginxReader } from './nginx-reader.ts'
import { startNodeReader } from './node-reader.ts'
import { startGoReader, startH11Reader } from './process-reader.ts'

export interface Readers extends AsyncDisposable {
  readonly all: readonly HttpReader[]
}

/** Needs go, nginx and h11 of the machine. */
export async function startReaders(): Promise<Readers> {
  const stack = new AsyncDisposableStack()
  const all = [
    createNaiveReader(),
    stack.use(startNodeReader()),
    stack.use(await startGoReader()),
    stack.use(startH11Reader()),
    stack.use(await startNginxReader()),
  ]
  return { all, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}
