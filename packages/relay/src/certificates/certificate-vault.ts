// The directory D/acme: the account's key, and each certificate with its key in one file, so that they
// are never of two issues. All of it is closed to others.
import { join } from 'node:path'
import type { CertificateVault } from '@sallyport/acme'
import { SallyportError } from '@sallyport/protocol'
import { fileErrorCode, readSmallFile } from '@sallyport/settings'
import { replaceFile } from '../atomic-file.ts'
import type { StateDirectory } from '../state-directory.ts'

/** @returns a vault whose methods throw SP_STATE. */
export function openVault(state: StateDirectory): CertificateVault {
  const pathOf = (name: string): string => join(state.file('acme'), name)
  const failed = (verb: string, name: string, error: unknown): SallyportError => {
    const why = error instanceof Error ? error.message : String(error)
    return new SallyportError('SP_STATE', `cannot ${verb} ${pathOf(name)}: ${why}`, {
      cause: error,
    })
  }
  return {
    async read(name) {
      try {
        const { text, mode } = await readSmallFile(pathOf(name))
        if ((mode & 0o077) === 0) return text
      } catch (error) {
        if (fileErrorCode(error) === 'ENOENT') return undefined
        throw failed('read', name, error)
      }
      const path = pathOf(name)
      throw new SallyportError('SP_STATE', `${path} is open to other users: chmod 600 ${path}`)
    },
    async write(name, text) {
      try {
        await replaceFile(pathOf(name), text, 0o600)
      } catch (error) {
        throw failed('write', name, error)
      }
    },
  }
}
