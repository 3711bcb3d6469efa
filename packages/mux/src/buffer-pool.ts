// Buffers that sessions write their messages into (64 KiB) and streams keep a chunk in while they have
// no credit or no turn (what the chunk needs, up to twice its size). One pool for the process: a fresh
// buffer for each would set off a full collection every 64 MiB, and a pool for each session would stay
// behind with every session that ends.
import { pooledBuffers, slabBytes } from './limits.ts'

/** Sizes are this, doubled again and again up to {@link slabBytes}. */
const smallestBytes = 256

/** By size: smallest first. */
const free: Buffer[][] = Array.from({ length: rankOf(slabBytes) + 1 }, () => [])
let inUse = 0

/** A buffer of at least so many bytes, at most {@link slabBytes}; give it back with {@link releaseBuffer}. */
export function acquireBuffer(bytes: number): Buffer {
  const rank = rankOf(bytes)
  inUse++
  return free[rank]?.pop() ?? Buffer.allocUnsafeSlow(smallestBytes << rank)
}

export function releaseBuffer(buffer: Buffer): void {
  const shelf = free[rankOf(buffer.length)]
  inUse--
  if (shelf !== undefined && shelf.length < pooledBuffers) shelf.push(buffer)
}

/** Buffers that were acquired and not given back, for tests. */
export function buffersInUse(): number {
  return inUse
}

function rankOf(bytes: number): number {
  return bytes <= smallestBytes ? 0 : 32 - Math.clz32((bytes - 1) / smallestBytes)
}
