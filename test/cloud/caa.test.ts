// The CAA record: written with the others where an account is named, gone with them, and never in the
// place of somebody's own.
import assert from 'node:assert/strict'
import test from 'node:test'
import { startCloudWorld } from '../support/cloud-world.ts'

const SALLYPORT_CAA_ACCOUNT = 'https://acme-v02.api.letsencrypt.org/acme/acct/1'

test('caa: comes with its setting, goes without it, and down leaves nothing', async () => {
  await using world = await startCloudWorld({ hasDomain: true })
  const zone = world.fake.world.zones.find((one) => one.id === 'ZCHILD')
  const isThere = (): boolean => zone?.records.some((one) => one.type === 'CAA') ?? false
  await world.finish(['up'], 0, { SALLYPORT_CAA_ACCOUNT })
  assert.ok(isThere())
  const others = zone?.records.length ?? 0
  await world.finish(['up'])
  assert.ok(!isThere())
  assert.equal(zone?.records.length, others - 1)
  await world.finish(['down'])
  assert.deepEqual(zone?.records, [])
})

test("caa: somebody's own stops a stack that wants one, and outlives one that does not", async () => {
  await using world = await startCloudWorld({ hasDomain: true })
  const zone = world.fake.world.zones.find((one) => one.id === 'ZCHILD')
  const own = {
    name: 'tunnel.dev.example.com.',
    type: 'CAA',
    ttl: '300',
    values: ['0 issue "sectigo.com"'],
  }
  zone?.records.push(own)
  const refused = await world.finish(['up'], 3, { SALLYPORT_CAA_ACCOUNT })
  assert.match(refused.stderr, /records that are not ours \(CAA tunnel\.dev\.example\.com\)/)
  assert.deepEqual(world.fake.world.instances, [])
  await world.finish(['up'])
  await world.finish(['down'])
  assert.deepEqual(zone?.records, [own])
})
