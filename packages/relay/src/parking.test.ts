import assert from 'node:assert/strict'
import test from 'node:test'
import { maxParkedPerAddress, maxParkedPerRoute } from './limits.ts'
import { type Parker, Parking } from './parking.ts'

const parker = (place: string, address: string): Parker => ({ place, address })

test('parking: those who wait for a route leave together, in order', () => {
  const parking = new Parking()
  const first = parker('a', '192.0.2.1')
  const second = parker('a', '192.0.2.2')
  const elsewhere = parker('b', '192.0.2.1')
  for (const one of [first, second, elsewhere]) assert.ok(parking.enter(one))
  assert.deepEqual(parking.takeAll('a'), [first, second])
  assert.deepEqual(parking.takeAll('a'), [])
  assert.deepEqual(parking.all(), [elsewhere])
  parking.leave(elsewhere)
  assert.ok(parking.isEmpty)
})

test('parking: a route is full at its cap, and has room again when somebody leaves', () => {
  const parking = new Parking({ maxPerRoute: 2 })
  const first = parker('a', '192.0.2.1')
  assert.ok(parking.enter(first))
  assert.ok(parking.enter(parker('a', '192.0.2.2')))
  assert.equal(parking.enter(parker('a', '192.0.2.3')), false)
  assert.ok(parking.enter(parker('b', '192.0.2.3')))
  parking.leave(first)
  assert.ok(parking.enter(parker('a', '192.0.2.4')))
  assert.equal(parking.count('a'), 2)
})

test('parking: an address is full at its cap over all routes; others are not', () => {
  const parking = new Parking({ maxPerAddress: 2 })
  const first = parker('a', '192.0.2.1')
  assert.ok(parking.enter(first))
  assert.ok(parking.enter(parker('b', '192.0.2.1')))
  assert.equal(parking.enter(parker('c', '192.0.2.1')), false)
  assert.ok(parking.enter(parker('c', '192.0.2.2')))
  parking.leave(first)
  assert.ok(parking.enter(parker('c', '192.0.2.1')))
})

test('parking: the loopback is exempt from the cap per address, not from that per route', () => {
  const parking = new Parking({ maxPerAddress: 1, maxPerRoute: 3 })
  for (const address of ['127.0.0.1', '127.0.0.1', '::1']) {
    assert.ok(parking.enter(parker('a', address)))
  }
  assert.equal(parking.enter(parker('a', '::1')), false)
})

test('parking: entering twice and leaving twice count once', () => {
  const parking = new Parking({ maxPerAddress: 1, maxPerRoute: 1 })
  const one = parker('a', '192.0.2.1')
  assert.ok(parking.enter(one))
  assert.ok(parking.enter(one))
  parking.leave(one)
  parking.leave(one)
  assert.ok(parking.isEmpty)
  assert.ok(parking.enter(parker('a', '192.0.2.1')))
})

test('parking: the caps hold without being asked for', () => {
  const parking = new Parking()
  const many = Array.from({ length: 10_000 }, (_, n) => parker('a', `10.0.${n >> 8}.${n & 255}`))
  assert.equal(many.filter((one) => parking.enter(one)).length, maxParkedPerRoute)
  const one = Array.from({ length: 1_000 }, (_, n) => parker(`route ${n}`, '192.0.2.1'))
  assert.equal(one.filter((each) => parking.enter(each)).length, maxParkedPerAddress)
})
