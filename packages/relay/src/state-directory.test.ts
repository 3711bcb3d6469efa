import assert from 'node:assert/strict'
import { chmod, mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises'
import test from 'node:test'
import { SallyportError } from '@sallyport/protocol'
import { z } from 'zod'
import { temporaryDirectory } from '../../../test/support/temporary-directory.ts'
import { StateDirectory } from './state-directory.ts'

async function makeState() {
  const directory = await temporaryDirectory()
  return Object.assign(new StateDirectory(directory.join('new', 'D')), {
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  })
}

const modeOf = async (path: string): Promise<string> =>
  ((await stat(path)).mode & 0o777).toString(8)
const isState = (pattern: RegExp) => (error: unknown) =>
  error instanceof SallyportError &&
  error.code === 'SP_STATE' &&
  pattern.test(error.message) &&
  !error.message.includes('\n')

test('state directory: a file that was never written is undefined', async () => {
  await using state = await makeState()
  assert.equal(await state.read('tls.key'), undefined)
})

test('state directory: makes itself for the owner alone, secrets too', async () => {
  await using state = await makeState()
  await state.write('tls.key', 'secret')
  await state.write('tls.crt', 'public')
  assert.equal(await state.read('tls.key'), 'secret')
  assert.equal(await modeOf(state.path), '700')
  assert.equal(await modeOf(state.file('tls.key')), '600')
  assert.equal(Number.parseInt(await modeOf(state.file('tls.crt')), 8) & 0o600, 0o600)
})

test('state directory: may exist and hold other files, which stay', async () => {
  await using state = await makeState()
  await mkdir(state.path, { recursive: true, mode: 0o755 })
  await writeFile(state.file('holiday.jpg'), 'mine')
  await state.write('agents.json', '{}')
  assert.deepEqual((await readdir(state.path)).sort(), ['agents.json', 'holiday.jpg'])
})

test('state directory: a secret file that is open to others is refused, with the cure', async () => {
  await using state = await makeState()
  for (const name of ['tls.key', 'agents.json'] as const) {
    await state.write(name, '{}')
    for (const mode of [0o644, 0o640, 0o602, 0o666]) {
      await chmod(state.file(name), mode)
      await assert.rejects(state.read(name), isState(/mode 0\d\d\d.*chmod 600 \//))
    }
    await chmod(state.file(name), 0o400)
    assert.equal(await state.read(name), '{}')
  }
})

test('state directory: a public file may be readable', async () => {
  await using state = await makeState()
  await state.write('tls.crt', 'public')
  await chmod(state.file('tls.crt'), 0o644)
  assert.equal(await state.read('tls.crt'), 'public')
})

test('state directory: a new file replaces one that was open to others by a closed one', async () => {
  await using state = await makeState()
  await mkdir(state.path, { recursive: true })
  await writeFile(state.file('agents.json'), 'old', { mode: 0o666 })
  await state.write('agents.json', 'new')
  assert.equal(await modeOf(state.file('agents.json')), '600')
})

test('state directory: a crash between writing and renaming leaves the old file whole', async () => {
  await using state = await makeState()
  await state.write('agents.json', 'old')
  // What such a crash leaves behind: a part of the new file beside the old one.
  await writeFile(state.file('agents.json.0123456789ab.tmp'), 'ne')
  assert.equal(await state.read('agents.json'), 'old')
  await state.write('agents.json', 'new')
  assert.equal(await state.read('agents.json'), 'new')
})

test('state directory: who reads while a file is replaced sees the old one or the new one, whole', async () => {
  await using state = await makeState()
  const texts = ['a', 'b'].map((letter) => letter.repeat(200_000))
  await state.write('agents.json', texts[0] ?? '')
  let isWriting = true
  const writing = (async () => {
    for (let round = 0; round < 10; round++) {
      await state.write('agents.json', texts[round % 2] ?? '')
    }
    isWriting = false
  })()
  while (isWriting) assert.ok(texts.includes((await state.read('agents.json')) ?? ''))
  await writing
})

test('state directory: a write that fails leaves the old file and nothing beside it', async () => {
  await using state = await makeState()
  await state.write('agents.json', 'old')
  // A directory cannot be replaced by a file: the rename fails after everything else went well.
  await mkdir(state.file('tls.key'))
  await assert.rejects(state.write('tls.key', 'x'), isState(/cannot write the TLS key/))
  assert.deepEqual((await readdir(state.path)).sort(), ['agents.json', 'tls.key'])
})

test('state directory: what is no file, or too large a one, is refused', async () => {
  await using state = await makeState()
  await mkdir(state.file('tls.crt'), { recursive: true })
  await assert.rejects(state.read('tls.crt'), isState(/certificate .*plain file/))
  await writeFile(state.file('boot.json'), Buffer.alloc(1024 * 1024 + 1))
  await assert.rejects(state.read('boot.json'), isState(/at most 1048576 bytes, not 1048577/))
})

test('state directory: a path through a file is refused in one line', async () => {
  await using state = await makeState()
  await mkdir(state.path, { recursive: true })
  await writeFile(state.file('file'), '')
  const inside = new StateDirectory(state.file('file'))
  await assert.rejects(inside.read('tls.key'), isState(/cannot read the TLS key: ENOTDIR/))
  await assert.rejects(inside.write('tls.key', ''), isState(/cannot write the TLS key/))
})

test('state directory: a link to a file is followed, its target judged', async () => {
  await using state = await makeState()
  await state.write('tls.crt', 'x')
  await writeFile(state.file('elsewhere'), 'key', { mode: 0o644 })
  await symlink(state.file('elsewhere'), state.file('tls.key'))
  await assert.rejects(state.read('tls.key'), isState(/chmod 600/))
})

test('state directory: damaged JSON is told by file and place, and never shown', async () => {
  await using state = await makeState()
  const schema = z.strictObject({ v: z.literal(1), boots: z.int() })
  const parse = (text: string) => state.parse('boot.json', text, schema)
  assert.deepEqual(parse('{"v":1,"boots":3}'), { v: 1, boots: 3 })
  assert.throws(
    () => parse('{"v":1,"boo'),
    isState(/boot counter \(.*boot\.json\); needs JSON, but/),
  )
  assert.throws(() => parse('{"v":1,"boots":"secret"}'), isState(/at boots: .*(?<!secret)$/))
  assert.throws(() => parse('{"v":2,"boots":1}'), isState(/ at v: /))
  assert.throws(() => parse('{"v":1,"boots":1,"more":1}'), isState(/more/))
})
