// Known visitors in a small file of JSON, 0600: written whole beside itself and then renamed, so that a
// crash leaves the old one or the new one.
import { randomBytes } from 'node:crypto'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { SallyportError, badInput, isIp } from '@sallyport/protocol'
import { fileErrorCode, readSmallFile } from '@sallyport/settings'
import { z } from 'zod'
import type { KnownVisitor, KnownVisitorsStore } from './known-visitors.ts'
import { maxKnownVisitors } from './limits.ts'
import type { Variables } from './settings.ts'

const knownFile = z.strictObject({
  v: z.literal(1),
  known: z
    .array(z.strictObject({ visitor: z.string().refine(isIp), url: z.string().min(1) }))
    .max(maxKnownVisitors),
})

/** The XDG base directory specification: an unset or empty variable means ~/.local/state. */
export function knownVisitorsPath({ XDG_STATE_HOME: base, HOME: home = '/' }: Variables): string {
  return join(base || join(home, '.local', 'state'), 'sallyport', 'known-visitors.json')
}

export function knownVisitorsFile(
  path: string,
  onFailure: (message: string) => void,
): KnownVisitorsStore {
  return {
    read: () => read(path),
    // What other agents of this user have added since stays, and what a person took out stays out.
    add: async (one) => {
      const known = [...(await read(path)), one]
      await write(path, known.slice(-maxKnownVisitors))
    },
    onFailure: (error) => onFailure(`known visitors are not kept: ${textOf(error)}`),
  }
}

/** @throws {SallyportError} SP_STATE when it is unreadable, damaged or open to others. */
async function read(path: string): Promise<readonly KnownVisitor[]> {
  const what = 'known visitors'
  const file = await readSmallFile(path).catch((cause: unknown) => {
    // Nobody is known yet.
    if (fileErrorCode(cause) === 'ENOENT') return undefined
    throw new SallyportError('SP_STATE', `cannot read ${what}: ${textOf(cause)}`, { cause })
  })
  if (!file) return []
  if ((file.mode & 0o077) !== 0) {
    const right = `to be closed to other users: chmod 600 ${path}`
    throw badInput('SP_STATE', { what, where: path, right })
  }
  const checked = knownFile.safeParse(parseJson(file.text))
  if (checked.success) return checked.data.known
  const right = `{"v":1,"known":[{"visitor":"192.0.2.7","url":"tcp://HOST:2222"}]}, at most ${maxKnownVisitors}`
  throw badInput('SP_STATE', { what, where: path, right })
}

async function write(path: string, known: readonly KnownVisitor[]): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  try {
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(`${JSON.stringify({ v: 1, known }, undefined, 2)}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw error
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
