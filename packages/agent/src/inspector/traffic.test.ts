import assert from 'node:assert/strict'
import test from 'node:test'
import { FakeClock } from '../../../../test/support/fake-clock.ts'
import { bucketMs, buckets } from './limits.ts'
import { Traffic } from './traffic.ts'

const ended = { durationMs: 10, isFailed: false, requestBytes: 1, responseBytes: 2 }

test('traffic: percentiles are by nearest rank', () => {
  const traffic = new Traffic(new FakeClock())
  for (let ms = 1; ms <= 100; ms++) traffic.exchangeEnded('r0', { ...ended, durationMs: ms })
  traffic.exchangeEnded('r0', { ...ended, durationMs: undefined })
  const { count, percentiles } = traffic.ofRoute('r0').requests
  assert.equal(count, 101)
  assert.deepEqual(percentiles, { p50: 50, p90: 90, p95: 95, p99: 99 })
})

test('traffic: rates approach what comes and fall when nothing does', () => {
  const clock = new FakeClock()
  const traffic = new Traffic(clock)
  for (let second = 0; second < 600; second++) {
    for (let times = 0; times < 10; times++) traffic.exchangeEnded('r0', ended)
    clock.advance(1_000)
  }
  const [one, five, fifteen] = traffic.ofRoute('r0').requests.rates
  assert.ok(Math.abs(one - 10) < 0.1 && one > five && five > fifteen)
  clock.advance(600_000)
  assert.ok((traffic.ofRoute('r0').requests.rates[0] ?? 1) < 0.01)
})

test('traffic: ten minutes without gaps, the oldest first', () => {
  const clock = new FakeClock()
  const traffic = new Traffic(clock)
  traffic.exchangeEnded('r0', { ...ended, isFailed: true })
  traffic.visitEnded('r1', 5, { in: 7, out: 8 })
  clock.advance(2 * bucketMs)
  traffic.exchangeEnded('r0', ended)
  const series = traffic.series()
  assert.equal(series.length, buckets)
  const [before, gap, now] = series.slice(-3)
  assert.deepEqual(before, {
    agoS: 10,
    requests: 1,
    failed: 1,
    bytesIn: 8,
    bytesOut: 10,
    latency: { p50: 10, p90: 10, p95: 10, p99: 10 },
  })
  assert.equal(gap?.requests, 0)
  assert.equal(now?.requests, 1)
  clock.advance(buckets * bucketMs)
  assert.ok(traffic.series().every(({ requests }) => requests === 0))
})
