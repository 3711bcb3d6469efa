import assert from 'node:assert/strict'
import { chmod, readFile, readdir, stat, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { temporaryDirectory } from '../../../test/support/temporary-directory.ts'
import { knownVisitorsFile, knownVisitorsPath } from './known-visitors-file.ts'
import { KnownVisitors } from './known-visitors.ts'
import { maxKnownVisitors } from './limits.ts'

const guest = { visitor: '192.0.2.7', url: 'tcp://relay.test:2222' }
const fail = (message: string) => assert.fail(message)

test('known visitors: are found again by the next agent, in a file that nobody else may read', async () => {
  await using directory = await temporaryDirectory()
  const path = knownVisitorsPath({ XDG_STATE_HOME: directory.path })
  const known = new KnownVisitors(knownVisitorsFile(path, fail))
  await known.load()
  assert.equal(known.has(guest), false)
  known.add(guest)
  known.add({ ...guest, visitor: '2001:db8::7' })
  assert.equal(known.has(guest), true)
  await known.saved
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  assert.deepEqual(await readdir(directory.join('sallyport')), ['known-visitors.json'])
  const next = new KnownVisitors(knownVisitorsFile(path, fail))
  await next.load()
  assert.deepEqual(
    [guest, { ...guest, visitor: '2001:db8::7' }, { ...guest, url: 'tcp://relay.test:1' }].map(
      (one) => next.has(one),
    ),
    [true, true, false],
  )
  // Two agents of one user add to the same file.
  next.add({ ...guest, visitor: '192.0.2.9' })
  await next.saved
  known.add({ ...guest, visitor: '192.0.2.8' })
  await known.saved
  await next.load()
  assert.ok(
    next.has({ ...guest, visitor: '192.0.2.8' }) && next.has({ ...guest, visitor: '192.0.2.9' }),
  )
  // Whom a person takes out of the file is known no longer.
  await writeFile(path, '{"v":1,"known":[]}')
  await next.load()
  assert.equal(next.has(guest), false)
})

test('known visitors: a file that is damaged, full or open to others is refused by its name', async () => {
  await using directory = await temporaryDirectory()
  const path = directory.join('known.json')
  const entry = '{"visitor":"192.0.2.7","url":"x"}'
  const crowd = Array.from({ length: maxKnownVisitors + 1 }, () => entry).join()
  for (const [text, mode, why] of [
    ['{', 0o600, /"known":\[/],
    ['{"v":1,"known":[{"visitor":"everybody","url":"x"}]}', 0o600, /"known":\[/],
    [`{"v":1,"known":[${crowd}]}`, 0o600, /at most 128/],
    [`{"v":1,"known":[${entry}]}`, 0o644, /chmod 600/],
  ] as const) {
    await writeFile(path, text)
    await chmod(path, mode)
    const known = new KnownVisitors(knownVisitorsFile(path, fail))
    await assert.rejects(known.load(), ({ code, message }) => {
      assert.equal(code, 'SP_STATE')
      assert.match(String(message), why)
      assert.ok(String(message).includes(path))
      return true
    })
  }
})

test('known visitors: the oldest makes room, and a disk that refuses costs a warning', async () => {
  await using directory = await temporaryDirectory()
  await writeFile(directory.join('sallyport'), 'no directory')
  const told: string[] = []
  const path = knownVisitorsPath({ XDG_STATE_HOME: directory.path })
  const known = new KnownVisitors(knownVisitorsFile(path, (message) => told.push(message)))
  for (let one = 0; one <= maxKnownVisitors; one++) known.add({ ...guest, visitor: `${one}` })
  await known.saved
  assert.deepEqual(
    ['0', '1', `${maxKnownVisitors}`].map((visitor) => known.has({ ...guest, visitor })),
    [false, true, true],
  )
  assert.match(told[0] ?? '', /known visitors are not kept: /)
  assert.equal(await readFile(directory.join('sallyport'), 'utf8'), 'no directory')
})
