import assert from 'node:assert/strict'
import test from 'node:test'
import { initialWindowBytes, maxWindowBytes } from '@sallyport/protocol'
import fc from 'fast-check'
import { ReceiveWindow } from './receive-window.ts'

const share = fc.oneof(fc.constant(100), fc.nat(110))
const operation = fc.oneof(
  fc.record({ kind: fc.constant('receive' as const), percent: share }),
  fc.record({
    kind: fc.constant('take' as const),
    percent: fc.oneof(fc.constant(100), fc.nat(100)),
    isGranted: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(60) }),
)

test('receive window: what the peer may send is what it was given less what it sent', () => {
  let grown = 0
  fc.assert(
    fc.property(
      fc.array(operation, { maxLength: 120, size: 'max' }),
      fc.constantFrom(undefined, 0.05, 1, 20, 200),
      (operations, rttMs) => {
        const window = new ReceiveWindow()
        let given = initialWindowBytes
        let received = 0
        let taken = 0
        let nowMs = 0
        for (const step of operations) {
          if (step.kind === 'wait') nowMs += step.ms
          else if (step.kind === 'receive') {
            const bytes = Math.floor((given - received) * (step.percent / 100))
            const isAllowed = bytes <= given - received
            assert.equal(window.receive(bytes), isAllowed)
            if (isAllowed) received += bytes
          } else {
            const bytes = Math.floor((received - taken) * (step.percent / 100))
            taken += bytes
            const credit = window.taken(bytes)
            given += credit
            if (credit > 0) {
              const growth = window.grow(nowMs, rttMs, () => step.isGranted)
              assert.ok(growth === 0 || (step.isGranted && rttMs !== undefined))
              given += growth
              if (growth > 0) grown++
            }
          }
          assert.equal(window.available, given - received)
          assert.equal(window.held, received - taken)
          assert.ok(window.available + window.held <= window.size)
          assert.ok(window.size >= initialWindowBytes && window.size <= maxWindowBytes)
          // Owed credit is below a quarter, so a sink that took all leaves the peer something.
          assert.ok(window.held > 0 || window.available > (window.size * 3) / 4)
        }
      },
    ),
    { numRuns: 500 },
  )
  assert.ok(grown > 20, `grew ${grown} times`)
})

test('receive window: a byte more than was given is refused and counts for nothing', () => {
  const window = new ReceiveWindow()
  assert.equal(window.receive(initialWindowBytes + 1), false)
  assert.equal(window.receive(initialWindowBytes), true)
  assert.equal(window.receive(1), false)
  assert.equal(window.held, initialWindowBytes)
})

test('receive window: credit goes back in quarters, so that updates stay few', () => {
  const window = new ReceiveWindow()
  window.receive(initialWindowBytes)
  assert.equal(window.taken(initialWindowBytes / 4 - 1), 0)
  assert.equal(window.taken(1), initialWindowBytes / 4)
  assert.equal(window.held, (initialWindowBytes * 3) / 4)
})

/** A sink that takes `bytesPerMs` over a path of `rttMs`, for `ms`; returns the window at the end. */
function run(window: ReceiveWindow, bytesPerMs: number, rttMs: number, ms: number): number {
  for (let nowMs = 0; nowMs < ms; nowMs++) {
    const bytes = Math.min(window.available, bytesPerMs)
    assert.ok(window.receive(bytes))
    if (window.taken(bytes) > 0) window.grow(nowMs, rttMs, () => true)
  }
  return window.size
}

test('receive window: follows rate and path to twice their product, and stops there', () => {
  const bytesPerMs = 12_500
  const size = run(new ReceiveWindow(), bytesPerMs, 100, 3_000)
  assert.ok(size >= 1.5 * 100 * bytesPerMs && size <= 2.1 * 100 * bytesPerMs, `${size}`)
})

test('receive window: a short path or a slow sink leaves it as it was', () => {
  assert.equal(run(new ReceiveWindow(), 100, 100, 3_000), initialWindowBytes)
  assert.equal(run(new ReceiveWindow(), 12_500, 1, 3_000), initialWindowBytes)
})

test('receive window: ends at 16 MiB whatever the path', () => {
  assert.equal(run(new ReceiveWindow(), 1_000_000, 400, 30_000), maxWindowBytes)
})
