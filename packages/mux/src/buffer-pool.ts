// Buffers of 64 KiB that sessions write their messages into and streams keep a chunk in while they have
// no credit or no turn. One pool for the process: a fresh buffer for each would set off a full
// collection every 64 MiB, and a pool for each session would stay behind with every session that ends.
import { pooledBuffers, slabBytes } from './limits.ts'

const free: Buffer[] = []

/** A buffer of {@link slabBytes}; give it back with {@link releaseBuffer}. */
export function acquireBuffer(): Buffer {
  return free.pop() ?? Buffer.allocUnsafeSlow(slabBytes)
}

export function releaseBuffer(buffer: Buffer): void {
  if (free.length < pooledBuffers) free.push(buffer)
}
