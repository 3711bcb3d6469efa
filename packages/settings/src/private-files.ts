// Small files that nobody else reads, in a directory of their own: keys and certificates.
import { join } from 'node:path'
import { SallyportError, badInput } from '@sallyport/protocol'
import { replaceFile } from './replace-file.ts'
import { fileErrorCode, readSmallFile } from './small-file.ts'

/** Its methods throw SP_STATE. */
export interface PrivateFiles {
  /** Undefined when there is none of that name. Refuses one that other users can read. */
  read(name: string): Promise<string | undefined>
  /** Whole or not at all; 0600, in a directory that is made with 0700. */
  write(name: string, text: string): Promise<void>
}

/** Nobody but the owner (and root) may do anything with a file. */
const openToOthers = 0o077

export function openPrivateFiles(directory: string): PrivateFiles {
  const failed = (verb: string, path: string, cause: unknown): SallyportError => {
    const why = cause instanceof Error ? cause.message : String(cause)
    return new SallyportError('SP_STATE', `cannot ${verb} ${path}: ${why}`, { cause })
  }
  return {
    async read(name) {
      const path = join(directory, name)
      const file = await readSmallFile(path).catch((error: unknown) => {
        if (fileErrorCode(error) === 'ENOENT') return undefined
        throw failed('read', path, error)
      })
      if (!file || (file.mode & openToOthers) === 0) return file?.text
      const right = `to be closed to other users: chmod 600 ${path}`
      throw badInput('SP_STATE', { what: 'file with a key', where: path, right })
    },
    async write(name, text) {
      const path = join(directory, name)
      try {
        await replaceFile(path, text, 0o600)
      } catch (error) {
        throw failed('write', path, error)
      }
    },
  }
}
