import assert from 'node:assert/strict'
import test from 'node:test'
import { generateAgentKey } from '@sallyport/protocol'
import { AgentAdmin } from './agent-admin.ts'
import { type Agent, AgentKeys, createAgent } from './agent-keys.ts'

const make = (name: string) => createAgent(name, generateAgentKey().publicKey, '*')
const namesOf = (agents: AgentKeys): readonly string[] => agents.list().map(({ name }) => name)

function createAdmin() {
  const agents = new AgentKeys([make('first')])
  const removed: string[] = []
  const saves: { readonly names: readonly string[]; finish(error?: Error): void }[] = []
  const admin = new AgentAdmin({
    agents,
    save: (keys) =>
      new Promise((resolve, reject) => {
        const finish = (error?: Error): void => (error ? reject(error) : resolve())
        saves.push({ names: namesOf(keys), finish })
      }),
    onRemoved: ({ name }) => removed.push(name),
  })
  return { admin, agents, removed, saves }
}

/** Lets everything that is ready to run do so. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('agent admin: changes are saved one after the other, the last one with all of them', async () => {
  const { admin, saves } = createAdmin()
  const done = Promise.all([
    admin.add(make('second')),
    admin.add(make('third')),
    admin.remove('first'),
  ])
  for (const names of [
    ['first', 'second'],
    ['first', 'second', 'third'],
    ['second', 'third'],
  ]) {
    await settle()
    assert.deepEqual(
      saves.map((save) => save.names),
      [names],
    )
    saves.shift()?.finish()
  }
  await done
})

test('agent admin: what cannot be saved did not happen, and the next change goes on', async () => {
  const { admin, agents, removed, saves } = createAdmin()
  const failing = [admin.add(make('second')), admin.remove('first')].map((change) =>
    assert.rejects(change, /disk full/),
  )
  for (let turn = 0; turn < 2; turn++) {
    await settle()
    saves.shift()?.finish(new Error('disk full'))
  }
  await Promise.all(failing)
  assert.deepEqual([namesOf(agents), removed], [['first'], []])
  const removing = admin.remove('first')
  await settle()
  assert.deepEqual(removed, [])
  saves.shift()?.finish()
  await removing
  assert.deepEqual([namesOf(agents), removed], [[], ['first']])
})

test('agent admin: agents are read again when no change is under way', async () => {
  const [one, two] = ['one', 'two'].map((name) =>
    createAgent(name, generateAgentKey().publicKey, '*'),
  )
  assert.ok(one && two)
  const saved = Promise.withResolvers<void>()
  const agents = new AgentKeys([one, two])
  let file: readonly Agent[] = agents.list()
  const admin = new AgentAdmin({
    agents,
    async save(keys) {
      await saved.promise
      file = keys.list()
    },
    onRemoved: () => {},
  })
  const removed = admin.remove('two')
  const reloaded = admin.reload(() => Promise.resolve(file))
  saved.resolve()
  await removed
  assert.deepEqual(await reloaded, { gone: [], changed: [] })
  assert.deepEqual(agents.list(), [one])
})
