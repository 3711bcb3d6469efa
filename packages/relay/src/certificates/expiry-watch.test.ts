import assert from 'node:assert/strict'
import test from 'node:test'
import { FakeClock } from '../../../../test/support/fake-clock.ts'
import type { CertificatePair, CertificateSource } from './certificate-pair.ts'
import { ExpiryWatch, expiryState } from './expiry-watch.ts'
import { TicketKeys } from './ticket-keys.ts'

const day = 86_400_000
const pair = (source: CertificateSource, lifeDays: number): CertificatePair =>
  ({
    source,
    validFromMs: 0,
    validToMs: lifeDays * day,
    leaf: { fingerprint256: `${source} ${lifeDays}` },
  }) as unknown as CertificatePair

test('expiry: a file is told of 21 and 7 days before its end, and when it has ended, once each', () => {
  const watch = new ExpiryWatch()
  const pairs = [pair('files', 90)]
  const daysTold = []
  for (let hour = 0; hour <= 92 * 24; hour += 1) {
    if (watch.look(pairs, (hour / 24) * day).length > 0) daysTold.push(hour / 24)
  }
  assert.deepEqual(daysTold, [69, 83, 90])
  assert.equal(expiryState(pairs[0] as CertificatePair, 90 * day - 1), 'expiring')
  assert.equal(expiryState(pairs[0] as CertificatePair, 90 * day), 'expired')
})

test('expiry: what renews itself is told of when a fifth of its life is left', () => {
  const short = pair('acme', 6)
  assert.equal(expiryState(short, 4 * day), 'good')
  assert.equal(expiryState(short, 5 * day), 'expiring')
  const file = pair('files', 6)
  assert.equal(expiryState(file, 0), 'expiring')
})

test('ticket keys: another key every 12 hours, and the same one for a new certificate', () => {
  const clock = new FakeClock()
  const set: string[] = []
  let made = 0
  const keys = new TicketKeys({
    clock,
    randomBytes: (count) => Buffer.alloc(count, (made += 1)),
    servers: [{ setTicketKeys: (key) => set.push(`${key.length} ${key[0] ?? 0}`) }],
  })
  keys.apply()
  clock.advance(12 * 3_600_000)
  keys.apply()
  clock.advance(12 * 3_600_000)
  assert.deepEqual(set, ['48 1', '48 1', '48 2', '48 2', '48 3'])
  keys[Symbol.dispose]()
  assert.equal(clock.pendingTimers, 0)
})
