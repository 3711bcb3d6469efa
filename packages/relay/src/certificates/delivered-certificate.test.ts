import assert from 'node:assert/strict'
import test from 'node:test'
import { createAuthority } from '../../../../test/support/authority.ts'
import { temporaryDirectory } from '../../../../test/support/temporary-directory.ts'
import { generateIdentity } from '../relay-identity.ts'
import { StateDirectory } from '../state-directory.ts'
import { requestCertificate, takeCertificate } from './delivered-certificate.ts'

const authority = createAuthority()
const identity = generateIdentity('a.test', new Date())

async function createState() {
  const directory = await temporaryDirectory()
  const state = new StateDirectory(directory.path)
  await state.write('tls.key', identity.key)
  await state.write('tls.crt', identity.certificate)
  return { directory, state }
}

test('delivered certificate: a pair of its own is kept in one closed file, once', async () => {
  const { directory, state } = await createState()
  await using _ = directory
  const { key, chain } = authority.issue({ names: ['a.test'] })
  assert.equal(await takeCertificate(state, key + chain), 'visitors')
  assert.equal(await takeCertificate(state, key + chain), 'same')
  assert.ok((await state.read('delivered.pem'))?.endsWith(chain))
  assert.equal(await state.read('tls.crt'), identity.certificate, 'agents see what they saw')
})

test('delivered certificate: one of the pinned key takes the place of tls.crt', async () => {
  const { directory, state } = await createState()
  await using _ = directory
  const next = generateIdentity('a.test', new Date())
  await state.write('tls.key', next.key)
  assert.equal(await takeCertificate(state, next.certificate), 'pinned')
  assert.equal(await takeCertificate(state, next.certificate), 'same')
  assert.equal(await state.read('delivered.pem'), undefined)
})

test('delivered certificate: what no key fits, or what is none, is refused and changes nothing', async () => {
  const { directory, state } = await createState()
  await using _ = directory
  const one = authority.issue({ names: ['a.test'] })
  const other = authority.issue({ names: ['a.test'] })
  await requestCertificate(state, ['a.test', '*.a.test', '192.0.2.1'])
  for (const text of ['', 'x', one.chain, one.key + other.chain, one.key]) {
    await assert.rejects(takeCertificate(state, text), { code: 'SP_CONFIG' })
  }
  assert.equal(await state.read('delivered.pem'), undefined)
  await assert.rejects(requestCertificate(state, ['a b']), /"a b" is not valid/)
})
