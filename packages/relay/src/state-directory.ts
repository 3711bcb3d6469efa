// The directory D in which a relay keeps what it must find again: settings, key, certificate, the
// agents' public keys, a boot counter. It may hold other people's files as well. A file is replaced
// whole or not at all; one with a secret in it must be closed to others. Knows no file's meaning.
import { type FileHandle, constants, open } from 'node:fs/promises'
import { join } from 'node:path'
import { SallyportError, badInput } from '@sallyport/protocol'
import { replaceFile } from '@sallyport/settings'
import { z } from 'zod'
import { maxStateFileBytes } from './limits.ts'
import { hasCode } from './system-error.ts'

/** What each file is called in messages, and the mode that it is written with. */
const files = {
  'relay.json': { what: 'relay settings', mode: 0o644 },
  'tls.key': { what: 'TLS key', mode: 0o600 },
  'tls.crt': { what: 'certificate', mode: 0o644 },
  'visitors.key': { what: "visitors' TLS key", mode: 0o600 },
  'visitors.crt': { what: "visitors' certificate", mode: 0o644 },
  'delivered.pem': { what: 'delivered certificate', mode: 0o600 },
  'request.key': { what: 'key of a certificate request', mode: 0o600 },
  'agents.json': { what: 'agent keys', mode: 0o600 },
  'deploy.json': { what: 'deploy key', mode: 0o644 },
  'bundles.json': { what: 'list of bundles', mode: 0o644 },
  'bundle-a.mjs': { what: 'delivered bundle', mode: 0o644 },
  'bundle-b.mjs': { what: 'delivered bundle', mode: 0o644 },
  'boot.json': { what: 'boot counter', mode: 0o644 },
  'log.txt': { what: 'log', mode: 0o600 },
} as const
export type StateFile = keyof typeof files

/** Nobody but the owner (and root) may do anything with the file. */
const openToOthers = 0o077

export class StateDirectory {
  readonly path: string

  constructor(path: string) {
    this.path = path
  }

  file(name: string): string {
    return join(this.path, name)
  }

  /** Checks the text of a JSON file. */
  parse<T>(name: StateFile, text: string, schema: z.ZodType<T>): T {
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      // The engine's message would show the text, which may be a secret.
      throw this.damaged(name, 'JSON, but it is damaged')
    }
    const result = schema.safeParse(value)
    if (result.success) return result.data
    const issue = result.error.issues[0]
    const at = issue && issue.path.length > 0 ? ` at ${z.core.toDotPath(issue.path)}` : ''
    throw this.damaged(name, `to be as it was written${at}: ${issue?.message ?? 'damaged'}`)
  }

  /** The error for a file that can be read but not used. */
  damaged(name: StateFile, right: string): SallyportError {
    return badInput('SP_STATE', { what: files[name].what, where: this.file(name), right })
  }

  /**
   * The file's text, or undefined when there is none.
   * @throws {SallyportError} SP_STATE when it is unreadable, too large, or secret and open to others.
   */
  async read(name: StateFile): Promise<string | undefined> {
    const path = this.file(name)
    let handle: FileHandle
    try {
      // Not blocking: a FIFO in the place of the file must not stop the program.
      handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return undefined
      throw this.#failed('read', name, error)
    }
    try {
      const stat = await handle.stat()
      if (!stat.isFile()) throw this.damaged(name, 'a plain file')
      if (files[name].mode === 0o600 && (stat.mode & openToOthers) !== 0) {
        throw badInput('SP_STATE', {
          what: files[name].what,
          where: path,
          value: `mode ${(stat.mode & 0o777).toString(8).padStart(4, '0')}`,
          right: `to be closed to other users: chmod 600 ${path}`,
        })
      }
      if (stat.size > maxStateFileBytes) {
        throw this.damaged(name, `at most ${maxStateFileBytes} bytes, not ${stat.size}`)
      }
      return await handle.readFile('utf8')
    } catch (error) {
      throw error instanceof SallyportError ? error : this.#failed('read', name, error)
    } finally {
      await handle.close()
    }
  }

  /**
   * Puts `content` in the place of the file, whole. Makes the directory (0700) when there is none.
   * @throws {SallyportError} SP_STATE when the system refuses.
   */
  async write(name: StateFile, content: string | Uint8Array): Promise<void> {
    try {
      await replaceFile(this.file(name), content, files[name].mode)
    } catch (error) {
      throw this.#failed('write', name, error)
    }
  }

  #failed(verb: 'read' | 'write', name: StateFile, cause: unknown): SallyportError {
    const why = cause instanceof Error ? cause.message : String(cause)
    return new SallyportError('SP_STATE', `cannot ${verb} the ${files[name].what}: ${why}`, {
      cause,
    })
  }
}
