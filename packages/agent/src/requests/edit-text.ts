// Text in the person's own editor, as git does it: a file that nobody else may read, $VISUAL or $EDITOR,
// and what stands in the file when the editor has ended.
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SallyportError } from '@sallyport/protocol'
import type { Variables } from '../settings.ts'

const usualEditor = 'vi'

/** @throws {SallyportError} SP_ABORTED when the editor failed. */
export async function editText(text: string, variables: Variables): Promise<string> {
  const editor = variables['VISUAL'] || variables['EDITOR'] || usualEditor
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-edit-'))
  try {
    const path = join(directory, 'request.http')
    await writeFile(path, text, { mode: 0o600 })
    // It may have arguments: EDITOR="code --wait".
    const child = spawn('/bin/sh', ['-c', `${editor} "$1"`, 'sh', path], { stdio: 'inherit' })
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    })
    if (code !== 0) {
      throw new SallyportError(
        'SP_ABORTED',
        `the editor ended with ${String(code)}: nothing is sent`,
      )
    }
    return await readFile(path, 'utf8')
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
