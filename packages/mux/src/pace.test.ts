import assert from 'node:assert/strict'
import test from 'node:test'
import { FakeClock } from '../../../test/support/fake-clock.ts'
import { contentionMs, markerBytes, probeIntervalMs, underwayBytesMin } from './limits.ts'
import { Pace } from './pace.ts'
import { RoundTrip } from './round-trip.ts'

/** A path of that many bytes a millisecond, with the marker's way back; moved in steps of 1 ms. */
function startPath(bytesPerMs: number, pathMs: number) {
  const clock = new FakeClock(1)
  const roundTrip = new RoundTrip()
  const due: { value: number; atMs: number }[] = []
  let busyUntilMs = 0
  const pace = new Pace({
    clock,
    roundTrip,
    sendMarker: (value) => due.push({ value, atMs: busyUntilMs + pathMs }),
  })
  const credits: { bytes: number; atMs: number }[] = []
  let mostQueuedMs = 0
  const step = (isContended: boolean): void => {
    if (isContended) pace.contend()
    // Without the pace, the kernel's buffers take this much.
    while (!pace.isFull && busyUntilMs - clock.now() < 50) {
      busyUntilMs = Math.max(busyUntilMs, clock.now()) + markerBytes / bytesPerMs
      credits.push({ bytes: markerBytes, atMs: busyUntilMs + pathMs })
      pace.sent(markerBytes)
    }
    mostQueuedMs = Math.max(mostQueuedMs, busyUntilMs - clock.now())
    clock.advance(1)
    while ((due[0]?.atMs ?? Infinity) <= clock.now()) pace.arrived(due.shift()?.value ?? 0)
    while ((credits[0]?.atMs ?? Infinity) <= clock.now()) {
      pace.delivered(credits.shift()?.bytes ?? 0)
    }
  }
  return {
    roundTrip,
    /** The longest queue of that time, in milliseconds of the path. */
    run(ms: number, isContended: boolean): number {
      mostQueuedMs = 0
      for (let passed = 0; passed < ms; passed++) step(isContended)
      return mostQueuedMs
    },
  }
}

test('pace: bulk alone is not held back', () => {
  const path = startPath(markerBytes, 1)
  assert.ok(path.run(100, false) >= 50)
})

test('pace: beside small requests the queue is what the path holds', () => {
  const path = startPath(markerBytes, 1)
  path.roundTrip.add(1, 0)
  path.run(100, false)
  path.run(200, true)
  const leastMs = underwayBytesMin / markerBytes
  assert.ok(path.run(1_000, true) <= leastMs + 1)
})

test('pace: a first round trip that was too long is corrected by the markers', () => {
  const path = startPath(markerBytes, 1)
  path.roundTrip.add(20, 0)
  path.run(300, true)
  assert.ok((path.roundTrip.smallestMs ?? 20) < 10)
  assert.ok(path.run(1_000, true) <= 10)
})

test('pace: minutes of it do not make the queue grow', () => {
  const path = startPath(markerBytes, 20)
  path.roundTrip.add(20, 0)
  path.run(2_000, true)
  const before = path.run(probeIntervalMs, true)
  for (let minute = 0; minute < 5; minute++) path.run(60_000, true)
  assert.ok(path.run(probeIntervalMs, true) <= before * 1.5)
  assert.ok((path.roundTrip.smallestMs ?? 0) < 30)
})

test('pace: it ends with the requests', () => {
  const path = startPath(markerBytes, 1)
  path.roundTrip.add(1, 0)
  path.run(300, true)
  path.run(contentionMs + 1, false)
  assert.ok(path.run(100, false) >= 50)
})
