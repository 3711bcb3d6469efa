import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import test from 'node:test'
import { type AgentKey, bundleProof, generateAgentKey } from '@sallyport/protocol'
import { temporaryDirectory } from '../../../test/support/temporary-directory.ts'
import { confirmBundle, readBundleFacts, stageBundle } from './bundles.ts'
import { StateDirectory } from './state-directory.ts'

const deploy = generateAgentKey()
const bytes = Buffer.from('export {}')

function sign(version: number, code = bytes, key: AgentKey = deploy) {
  const signature = key.sign(bundleProof(version, code)).toString('base64url')
  return { version, signature, bytes: code }
}

/** A state directory as the launcher leaves it. */
async function launched(running: number, more: object = {}) {
  const directory = await temporaryDirectory()
  const state = new StateDirectory(directory.path)
  const facts = { v: 1, highest: running, running: { version: running, sha256: 'ab' }, ...more }
  await writeFile(directory.join('bundles.json'), JSON.stringify(facts))
  return { directory, state }
}

test('bundles: a signed bundle with a rising version is kept for the next start, on trial', async () => {
  const { directory, state } = await launched(0)
  await using _ = directory
  await stageBundle(state, deploy.publicKey, sign(1))
  assert.equal(await state.read('bundle-a.mjs'), 'export {}')
  const facts = await readBundleFacts(state)
  assert.deepEqual([facts?.version, facts?.highest, facts?.isOnTrial], [0, 1, false])
})

test('bundles: others are refused and leave nothing', async () => {
  const { directory, state } = await launched(4)
  await using _ = directory
  const stranger = generateAgentKey()
  for (const [next, why] of [
    [sign(5, bytes, stranger), /signature/],
    [{ ...sign(5), version: 6 }, /signature/],
    [{ ...sign(5), bytes: Buffer.from('import "evil"') }, /signature/],
    [{ ...sign(5), signature: 'A'.repeat(86) }, /signature/],
    [sign(4), /version 4 is not above 4/],
    [sign(1), /version 1 is not above 4/],
  ] as const) {
    const staged = stageBundle(state, deploy.publicKey, next)
    await assert.rejects(staged, { code: 'SP_UPGRADE_REFUSED', message: why })
  }
  assert.equal(await state.read('bundle-a.mjs'), undefined)
  const bare = await temporaryDirectory()
  await using __ = bare
  const staged = stageBundle(new StateDirectory(bare.path), deploy.publicKey, sign(1))
  await assert.rejects(staged, /not started by a launcher/)
})

test('bundles: what runs is confirmed, and only that; a new one never takes its file', async () => {
  const { directory, state } = await launched(0)
  await using _ = directory
  await stageBundle(state, deploy.publicKey, sign(1))
  await assert.rejects(confirmBundle(state, 1), { code: 'SP_UPGRADE_REFUSED' })

  const staged = JSON.parse((await state.read('bundles.json')) ?? '') as { trial: object }
  const running = { version: 1, sha256: 'cd' }
  const started = { ...staged, running, trial: { ...staged.trial, started: true } }
  await state.write('bundles.json', JSON.stringify(started))
  assert.equal((await readBundleFacts(state))?.isOnTrial, true)
  await confirmBundle(state, 1)
  await confirmBundle(state, 1)
  assert.equal((await readBundleFacts(state))?.isOnTrial, false)

  await stageBundle(state, deploy.publicKey, sign(2, Buffer.from('export const second = 2')))
  assert.equal(await state.read('bundle-a.mjs'), 'export {}')
  assert.match((await state.read('bundle-b.mjs')) ?? '', /second/)
})
