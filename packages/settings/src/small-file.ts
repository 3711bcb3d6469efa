// Reads a file of settings: bounded, because a wrong path may name a device or a download.
import { open } from 'node:fs/promises'
import { maxSettingsFileBytes } from './limits.ts'

export interface SmallFile {
  readonly text: string
  /** Permission bits. */
  readonly mode: number
}

/** Throws what node:fs throws, and EFBIG for a file over maxSettingsFileBytes. */
export async function readSmallFile(path: string): Promise<SmallFile> {
  const file = await open(path)
  try {
    const { mode } = await file.stat()
    const buffer = Buffer.alloc(maxSettingsFileBytes + 1)
    let bytes = 0
    while (bytes < buffer.length) {
      const { bytesRead } = await file.read(buffer, bytes)
      if (bytesRead === 0) break
      bytes += bytesRead
    }
    if (bytes > maxSettingsFileBytes) {
      throw Object.assign(new Error(`over ${maxSettingsFileBytes} bytes`), { code: 'EFBIG' })
    }
    return { text: buffer.toString('utf8', 0, bytes), mode: mode & 0o777 }
  } finally {
    await file.close()
  }
}

/** The error's code, ENOENT and the like, where it has one. */
export function fileErrorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
