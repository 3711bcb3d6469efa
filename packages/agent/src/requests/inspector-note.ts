// Where the inspectors of this user's agents are, for `agent requests` and `agent replay`: a file for each
// that runs, 0600, in a directory of 0700, because the token is in it. It goes with its agent; one that an
// agent left behind when it was killed is found dead by its process number.
import { mkdir, open, readdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Secret, badInput } from '@sallyport/protocol'
import { fileErrorCode, readSmallFile } from '@sallyport/settings'
import { z } from 'zod'
import type { Variables } from '../settings.ts'

const noteForm = z.strictObject({
  v: z.literal(1),
  url: z.url({ protocol: /^http$/ }),
  token: z.string().min(1),
})

export interface InspectorNote {
  /** `http://127.0.0.1:4040`. */
  readonly url: string
  readonly token: Secret
}

/**
 * The XDG base directory specification: the runtime directory, or else that of states. Undefined: this
 * user has none.
 */
export function notesDirectory(variables: Variables): string | undefined {
  const { XDG_RUNTIME_DIR: runtime, XDG_STATE_HOME: state, HOME: home } = variables
  const base = runtime || state || (home ? join(home, '.local', 'state') : undefined)
  return base === undefined ? undefined : join(base, 'sallyport', 'inspectors')
}

/** Writes the note; disposing takes it away. `link`: the page with its token behind #. */
export async function writeNote(
  directory: string,
  pid: number,
  { url, link }: { readonly url: string; readonly link: string },
): Promise<AsyncDisposable> {
  const path = join(directory, `${pid}.json`)
  await mkdir(dirname(directory), { recursive: true, mode: 0o700 })
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await rm(path, { force: true })
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(`${JSON.stringify({ v: 1, url, token: link.split('#')[1] ?? '' })}\n`)
  } finally {
    await file.close()
  }
  return { [Symbol.asyncDispose]: () => rm(path, { force: true }) }
}

/** Those of agents that run. `isAlive`: whether a process of that number does. */
export async function readNotes(
  directory: string,
  isAlive: (pid: number) => boolean,
): Promise<readonly InspectorNote[]> {
  const names = await readdir(directory).catch((error: unknown) => {
    if (fileErrorCode(error) === 'ENOENT') return []
    throw error
  })
  const notes: InspectorNote[] = []
  for (const name of names) {
    const pid = /^(\d+)\.json$/.exec(name)?.[1]
    if (pid === undefined) continue
    const path = join(directory, name)
    if (isAlive(Number(pid))) notes.push(...(await readNote(path)))
    else await rm(path, { force: true })
  }
  return notes
}

async function readNote(path: string): Promise<readonly InspectorNote[]> {
  // It may go while it is read.
  const file = await readSmallFile(path).catch(() => undefined)
  if (!file) return []
  if ((file.mode & 0o077) !== 0) {
    const right = `to be closed to other users: chmod 600 ${path}`
    throw badInput('SP_STATE', { what: 'note of an inspector', where: path, right })
  }
  const checked = noteForm.safeParse(parseJson(file.text))
  return checked.success ? [{ url: checked.data.url, token: new Secret(checked.data.token) }] : []
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
