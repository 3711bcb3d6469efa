import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { isSallyportError, type ErrorCode } from '@sallyport/protocol'
import { openState, readState } from './state-file.ts'

function directory() {
  const path = mkdtempSync(join(tmpdir(), 'sallyport-test-'))
  return {
    file: join(path, 'server_info.json'),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  }
}

function refuses(code: ErrorCode, message: RegExp) {
  return (error: unknown) => {
    assert.ok(isSallyportError(error))
    assert.equal(error.code, code)
    assert.match(error.message, message)
    return true
  }
}

test('state: is on the disk, closed to others, after each change', async () => {
  using place = directory()
  await using file = openState(place.file)
  const { stack } = file.begin('us-west-2')
  file.update({ pending: 'launch' })
  assert.equal(statSync(place.file).mode & 0o777, 0o600)
  assert.equal(readState(place.file)?.pending, 'launch')
  file.update({ pending: undefined, instanceId: 'i-1' })
  assert.deepEqual(
    { ...readState(place.file), createdAt: '' },
    { version: 1, stack, region: 'us-west-2', createdAt: '', launches: 0, instanceId: 'i-1' },
  )
  file.remove()
  assert.equal(existsSync(place.file), false)
})

test('state: one provisioner at a time; a dead one’s lock does not count', async () => {
  using place = directory()
  const first = openState(place.file)
  assert.throws(() => openState(place.file), refuses('SP_STATE_BUSY', /at work on .*wait for it/))
  await first[Symbol.asyncDispose]()
  // Process 1 is alive, but it did not begin at tick 1: its number was used again.
  writeFileSync(`${place.file}.lock`, '1 1')
  await using second = openState(place.file)
  assert.equal(second.state, undefined)
})

test('state: a file that others can read is refused with the remedy', () => {
  using place = directory()
  writeFileSync(place.file, '{}')
  chmodSync(place.file, 0o640)
  assert.throws(() => readState(place.file), refuses('SP_STATE', /chmod 600/))
})

for (const text of ['', '{', '[]', '{"version":2}', '{"version":1,"deployKey":"canary"}']) {
  test(`state: ${JSON.stringify(text)} is refused without showing it`, () => {
    using place = directory()
    writeFileSync(place.file, text, { mode: 0o600 })
    assert.throws(
      () => openState(place.file),
      refuses('SP_STATE', /not a state file of this version(?!.*canary).*provisioner down/),
    )
    assert.equal(existsSync(`${place.file}.lock`), false)
    assert.equal(readFileSync(place.file, 'utf8'), text)
  })
}
