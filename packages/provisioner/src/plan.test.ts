import assert from 'node:assert/strict'
import test from 'node:test'
import type { Observed } from './observe.ts'
import { planDown, planUp, type Desired } from './plan.ts'
import type { State } from './state-file.ts'

const candidate = {
  instanceType: 't4g.nano',
  imageId: 'ami-1',
  rootDevice: '/dev/sda1',
  subnetId: 'subnet-1',
  zone: 'us-west-2a',
  hasIpv6: false,
}
const desired: Desired = {
  groupName: 'Expose Localhost',
  openings: ['tcp 443 443 0.0.0.0/0'],
  candidates: [candidate],
  wantsElasticIp: true,
  domain: { kind: 'route53', name: 'tunnel.example.com' },
}
const nothing: Observed = { groups: [], instances: [], addresses: [] }
const state: State = {
  version: 1,
  stack: '0123456789ab',
  region: 'us-west-2',
  createdAt: '',
  launches: 1,
  groupId: 'sg-1',
  instanceId: 'i-1',
  allocationId: 'eipalloc-1',
  launch: { ...candidate, clientToken: 't', groupId: 'sg-1', userData: '' },
  claim: { deployKey: 'k', committed: true },
}
const instance = { id: 'i-1', state: 'running', type: 't4g.nano', imageId: 'ami-1' } as const
const standing: Observed = {
  groups: [{ id: 'sg-1', name: 'Expose Localhost', openings: desired.openings }],
  instances: [instance],
  addresses: [{ allocationId: 'eipalloc-1', publicAddress: '192.0.2.1', instanceId: 'i-1' }],
}
const kinds = (steps: readonly { readonly kind: string }[]) => steps.map((step) => step.kind)

test('plan: from nothing, the name is written after the claim', () => {
  assert.deepEqual(kinds(planUp(desired, nothing, undefined)), [
    'create-group',
    'open-ports',
    'allocate-address',
    'launch',
    'await-running',
    'associate-address',
    'claim',
    'write-records',
  ])
})

test('plan: a standing stack is kept and redelivered to', () => {
  assert.deepEqual(kinds(planUp(desired, standing, state)), ['deliver', 'write-records'])
})

test('plan: a standing stack whose address is to stay gets it before it hears of it', () => {
  const steps = planUp({ ...desired, domain: undefined }, { ...standing, addresses: [] }, state)
  assert.deepEqual(kinds(steps), ['allocate-address', 'associate-address', 'deliver'])
})

test('plan: ports that are no longer asked for are closed', () => {
  const steps = planUp({ ...desired, openings: ['tcp 8443 8443 ::/0'] }, standing, state)
  assert.deepEqual(steps.slice(0, 2), [
    { kind: 'open-ports', openings: ['tcp 8443 8443 ::/0'] },
    { kind: 'close-ports', openings: ['tcp 443 443 0.0.0.0/0'] },
  ])
})

test('plan: an instance that ended is replaced, whatever was committed to it', () => {
  const steps = planUp(desired, { ...standing, instances: [] }, state)
  assert.deepEqual(kinds(steps), [
    'launch',
    'await-running',
    'associate-address',
    'claim',
    'write-records',
  ])
})

test('plan: an unclaimed instance is claimed, not replaced', () => {
  const unclaimed = { ...state, claim: { deployKey: 'k', committed: false } }
  assert.deepEqual(kinds(planUp(desired, standing, unclaimed)), ['claim', 'write-records'])
})

test('plan: what was made twice goes first', () => {
  const twice = {
    ...standing,
    instances: [{ ...instance, id: 'i-0' }, instance],
    addresses: [{ allocationId: 'eipalloc-0', publicAddress: '192.0.2.9' }, ...standing.addresses],
  }
  assert.deepEqual(planUp(desired, twice, state).slice(0, 2), [
    { kind: 'terminate', instanceId: 'i-0' },
    { kind: 'release-address', allocationId: 'eipalloc-0' },
  ])
})

test('plan: down removes the name first and the address after the instance', () => {
  const records = {
    ours: [{ Name: 'tunnel.example.com', Type: 'A' as const }],
    foreign: [],
    foreignCaa: [],
  }
  assert.deepEqual(kinds(planDown({ ...standing, records }, 'tunnel.example.com')), [
    'delete-records',
    'terminate',
    'release-address',
    'delete-group',
    'verify-nothing-left',
  ])
})

test('plan: down of nothing still makes sure', () => {
  assert.deepEqual(kinds(planDown(nothing, undefined)), ['verify-nothing-left'])
})
