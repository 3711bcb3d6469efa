// Writes an offset stream into a mux stream by its contract: stops at false, goes on at onDrain.
import assert from 'node:assert/strict'
import type { MuxStream } from '@sallyport/mux'
import { OffsetStream } from './offset-stream.ts'
import type { StreamRecorder } from './stream-recorder.ts'

/** What one `write` takes at most: the read buffer's size and below. */
const defaultChunkBytes = 40_000

/** Writes `bytes` of the offset stream of `key` from `offset` on; resolves when the last is taken. */
export async function writeOffsets(
  recorder: StreamRecorder,
  key: number,
  bytes: number,
  options: { readonly offset?: number; readonly chunkBytes?: number } = {},
): Promise<void> {
  assert.ok(Number.isInteger(bytes))
  const oracle = new OffsetStream(key)
  const { stream } = recorder
  const chunk = Buffer.alloc(options.chunkBytes ?? defaultChunkBytes)
  const end = (options.offset ?? 0) + bytes
  for (let at = options.offset ?? 0; at < end;) {
    const piece = chunk.subarray(0, Math.min(chunk.length, end - at))
    oracle.fill(piece, at)
    at += piece.length
    await writeChunk(stream, recorder, piece)
  }
}

/** One write; waits for room when there is none. */
export async function writeChunk(
  stream: MuxStream,
  recorder: StreamRecorder,
  chunk: Uint8Array,
): Promise<void> {
  const drains = countDrains(recorder)
  if (stream.write(chunk)) return
  await recorder.until('room to write', () => countDrains(recorder) > drains || recorder.isReset)
}

function countDrains(recorder: StreamRecorder): number {
  return recorder.events.filter((event) => event === 'drain').length
}
