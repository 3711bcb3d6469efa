// Whether bytes lie anywhere in the memory of a process (Linux, of the same user).
import { open, readFile } from 'node:fs/promises'

const blockBytes = 1024 * 1024

export async function isInMemory(pid: number, needle: string): Promise<boolean> {
  const wanted = Buffer.from(needle)
  const maps = await readFile(`/proc/${pid}/maps`, 'utf8')
  const memory = await open(`/proc/${pid}/mem`)
  try {
    const block = Buffer.alloc(blockBytes + wanted.length)
    for (const [, from = '', to = ''] of maps.matchAll(/^([0-9a-f]+)-([0-9a-f]+) rw/gm)) {
      const end = BigInt(`0x${to}`)
      for (let at = BigInt(`0x${from}`); at < end; at += BigInt(blockBytes)) {
        const length = Number(end - at < BigInt(block.length) ? end - at : BigInt(block.length))
        // A range that went away meanwhile holds nothing.
        const read = await memory.read(block, 0, length, at).catch(() => undefined)
        if (read && block.subarray(0, read.bytesRead).includes(wanted)) return true
      }
    }
    return false
  } finally {
    await memory.close()
  }
}
