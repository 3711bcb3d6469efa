import assert from 'node:assert/strict'
import { chmod, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryDirectory } from '../../../../test/support/temporary-directory.ts'
import { findInspector } from './find-inspector.ts'
import { notesDirectory, readNotes, writeNote } from './inspector-note.ts'

const alive = (): boolean => true
const inspector = (port: number) => ({
  url: `http://127.0.0.1:${port}`,
  link: `http://127.0.0.1:${port}/#token-${port}`,
})

test('inspector note: is found while its agent runs, is closed to others, and goes with it', async () => {
  await using base = await temporaryDirectory()
  const directory = base.join('run/sallyport/inspectors')
  assert.deepEqual(await readNotes(directory, alive), [])
  {
    await using _note = await writeNote(directory, 7, inspector(4040))
    assert.equal((await stat(join(directory, '7.json'))).mode & 0o777, 0o600)
    assert.equal((await stat(directory)).mode & 0o777, 0o700)
    const [note] = await readNotes(directory, alive)
    assert.deepEqual([note?.url, note?.token.reveal()], ['http://127.0.0.1:4040', 'token-4040'])
    assert.doesNotMatch(JSON.stringify(note), /token-4040/)
  }
  assert.deepEqual(await readdir(directory), [])
})

test('inspector note: that of a dead agent is taken away', async () => {
  await using directory = await temporaryDirectory()
  await writeNote(directory.path, 7, inspector(4040))
  await writeNote(directory.path, 8, inspector(4041))
  const notes = await readNotes(directory.path, (pid) => pid === 8)
  assert.deepEqual(
    notes.map(({ url }) => url),
    ['http://127.0.0.1:4041'],
  )
  assert.deepEqual(await readdir(directory.path), ['8.json'])
})

test('inspector note: one that others can read is refused', async () => {
  await using directory = await temporaryDirectory()
  await writeNote(directory.path, 7, inspector(4040))
  await chmod(join(directory.path, '7.json'), 0o644)
  await assert.rejects(readNotes(directory.path, alive), /closed to other users: chmod 600/)
})

test('inspector note: where it stands follows the XDG specification', () => {
  const cases = [
    [{ XDG_RUNTIME_DIR: '/run/u', HOME: '/h' }, '/run/u/sallyport/inspectors'],
    [{ XDG_STATE_HOME: '/s', XDG_RUNTIME_DIR: '' }, '/s/sallyport/inspectors'],
    [{ HOME: '/h' }, '/h/.local/state/sallyport/inspectors'],
    [{}, undefined],
  ] as const
  for (const [variables, expected] of cases) assert.equal(notesDirectory(variables), expected)
})

test('inspector: of several the one at --web-addr is meant', async () => {
  await using directory = await temporaryDirectory()
  await writeNote(directory.path, 7, inspector(4040))
  await writeNote(directory.path, 8, inspector(4041))
  const notes = await readNotes(directory.path, alive)
  assert.ok(findInspector(notes, '127.0.0.1:4041'))
  assert.ok(findInspector(notes.slice(0, 1), undefined))
  assert.throws(() => findInspector(notes, undefined), /which agent is meant.*4040, 127/)
  assert.throws(() => findInspector(notes, '127.0.0.1:1'), /at 127\.0\.0\.1:1; there are 127/)
  assert.throws(() => findInspector([], undefined), /no agent of yours runs with an inspector/)
})
