import assert from 'node:assert/strict'
import test from 'node:test'
import { desiredRecords, recordChanges, refuseForeign } from './records.ts'

const name = 'tunnel.example.com'
const wanted = desiredRecords(name, '0123456789ab', { ipv4: '192.0.2.1', ipv6: '2001:db8::1' })
const told = (changes: ReturnType<typeof recordChanges>) =>
  changes.map(
    (one) => `${one.Action} ${one.ResourceRecordSet?.Type} ${one.ResourceRecordSet?.Name}`,
  )

/** As Route 53 gives a set back. */
const stored = wanted.map((set) => ({ ...set, Name: `${set.Name?.replace('*', '\\052')}.` }))

test('records: the name, its wildcard and the owner mark go into one batch', () => {
  assert.deepEqual(told(recordChanges([], wanted)), [
    'UPSERT A tunnel.example.com',
    'UPSERT AAAA tunnel.example.com',
    'UPSERT A *.tunnel.example.com',
    'UPSERT AAAA *.tunnel.example.com',
    'UPSERT TXT _sallyport.tunnel.example.com',
  ])
})

test('records: what stands as wanted is not written again', () => {
  assert.deepEqual(recordChanges(stored, wanted), [])
})

test('records: an address that is gone takes its records along, exactly as they stand', () => {
  const onlyIpv4 = desiredRecords(name, '0123456789ab', { ipv4: '192.0.2.1' })
  const changes = recordChanges(stored, onlyIpv4)
  assert.deepEqual(told(changes), [
    'DELETE AAAA tunnel.example.com.',
    'DELETE AAAA \\052.tunnel.example.com.',
  ])
  assert.equal(changes[0]?.ResourceRecordSet, stored[1])
})

test('records: those of others are named and refused', () => {
  const observed = { ours: [], foreign: ['CNAME tunnel.example.com'], foreignCaa: [] }
  assert.throws(
    () => refuseForeign(name, observed, false),
    /not ours \(CNAME tunnel.*another SUBDOMAIN/,
  )
})

test('records: a CAA names the one account that may have certificates, and the mark says it is ours', () => {
  const issuer = {
    authority: 'letsencrypt.org',
    accountUri: 'https://acme-v02.api.letsencrypt.org/acme/acct/1',
  }
  const withCaa = desiredRecords(name, '0123456789ab', { ipv4: '192.0.2.1' }, issuer)
  const values = (type: string) =>
    withCaa.find((set) => set.Type === type)?.ResourceRecords?.map((one) => one.Value)
  assert.deepEqual(values('CAA'), [
    '0 issue "letsencrypt.org; accounturi=https://acme-v02.api.letsencrypt.org/acme/acct/1"',
  ])
  assert.deepEqual(values('TXT'), ['"sallyport:0123456789ab"', '"sallyport:caa"'])
  // Not asked for any more, it goes, and its mark with it.
  const without = desiredRecords(name, '0123456789ab', { ipv4: '192.0.2.1' })
  assert.deepEqual(told(recordChanges(withCaa, without)), [
    'DELETE CAA tunnel.example.com',
    'UPSERT TXT _sallyport.tunnel.example.com',
  ])
})

test("records: another's CAA is in the way of ours only", () => {
  const observed = { ours: [], foreign: [], foreignCaa: ['CAA tunnel.example.com'] }
  refuseForeign(name, observed, false)
  assert.throws(() => refuseForeign(name, observed, true), /not ours \(CAA tunnel/)
})
