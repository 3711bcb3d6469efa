import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import test from 'node:test'
import { generateAgentKey } from '@sallyport/protocol'
import { temporaryDirectory } from '../../../test/support/temporary-directory.ts'
import { AgentKeys, createAgent, readAgentKeys, writeAgentKeys } from './agent-keys.ts'
import { StateDirectory } from './state-directory.ts'

const make = (name: string, allow = '*') => createAgent(name, generateAgentKey().publicKey, allow)

test('agent keys: are found by key id, and gone when removed by name', () => {
  const agents = new AgentKeys()
  const laptop = make('laptop')
  agents.add(laptop)
  agents.add(make('server'))
  assert.equal(agents.find(laptop.keyId), laptop)
  assert.equal(agents.remove('laptop'), laptop)
  assert.equal(agents.find(laptop.keyId), undefined)
  assert.deepEqual(
    agents.list().map(({ name }) => name),
    ['server'],
  )
})

test('agent keys: a taken name, an unknown name and wrong names are told apart', () => {
  const agents = new AgentKeys([make('laptop')])
  assert.throws(() => agents.add(make('laptop')), { code: 'SP_USAGE', message: /"laptop" exists/ })
  assert.throws(() => agents.remove('desktop'), {
    code: 'SP_USAGE',
    message: /no agent is named "desktop"; there are: laptop/,
  })
  for (const name of ['', '-v', '.x', 'a b', 'a/b', 'x'.repeat(64), 'a\nb']) {
    assert.throws(() => make(name), { code: 'SP_USAGE', message: /^agent's name \(NAME\)/ }, name)
  }
  assert.throws(() => make('a', 'tcp:0'), { code: 'SP_USAGE', message: /--allow/ })
})

test('agent keys: come back from their file as they were, without a private part', async () => {
  await using directory = await temporaryDirectory()
  const state = new StateDirectory(directory.path)
  const key = generateAgentKey()
  const agents = new AgentKeys([
    createAgent('laptop', key.publicKey, 'app.example.com,tcp:2000-2100'),
    make('server'),
  ])
  await writeAgentKeys(state, agents)
  const text = (await state.read('agents.json')) ?? ''
  assert.ok(!text.includes(key.token.reveal().slice(4, 20)))
  assert.deepEqual((await readAgentKeys(state)).list(), agents.list())
})

test('agent keys: no file means no agents', async () => {
  await using directory = await temporaryDirectory()
  assert.equal((await readAgentKeys(new StateDirectory(directory.path))).size, 0)
})

test('agent keys: a damaged file is refused in one line that names it', async () => {
  await using directory = await temporaryDirectory()
  const state = new StateDirectory(directory.path)
  const entry = {
    name: 'a',
    public_key: generateAgentKey().publicKey.toString('base64url'),
    allow: '*',
  }
  for (const agents of [
    'x',
    [{}],
    [{ ...entry, public_key: 'short' }],
    [{ ...entry, allow: 'tcp:0' }],
    [{ ...entry, name: '-a' }],
    [{ ...entry, more: 1 }],
    [entry, { ...entry, name: 'b' }],
    [entry, { ...entry, public_key: generateAgentKey().publicKey.toString('base64url') }],
  ]) {
    await writeFile(state.file('agents.json'), JSON.stringify({ v: 1, agents }), { mode: 0o600 })
    await assert.rejects(readAgentKeys(state), {
      code: 'SP_STATE',
      message: /^[^\n]*agents\.json[^\n]*$/,
    })
  }
})
