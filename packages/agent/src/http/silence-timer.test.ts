import assert from 'node:assert/strict'
import test from 'node:test'
import { HandClock } from './edge.test.support.ts'
import { SilenceTimer } from './silence-timer.ts'

function timer(silenceMs: number | undefined, isExcused = (): boolean => false) {
  const clock = new HandClock()
  let silences = 0
  const silence = new SilenceTimer({
    clock,
    silenceMs,
    isExcused,
    onSilence: () => void silences++,
  })
  return { clock, silence, silences: () => silences }
}

test('silence timer: fires once after the silence, which any touch begins anew', () => {
  const { clock, silence, silences } = timer(1_000)
  silence.start()
  clock.advance(900)
  silence.touch()
  clock.advance(999)
  assert.equal(silences(), 0)
  clock.advance(1)
  assert.equal(silences(), 1)
  clock.advance(10_000)
  assert.equal(silences(), 1)
})

test('silence timer: an excuse begins it anew', () => {
  let isExcused = true
  const { clock, silence, silences } = timer(1_000, () => isExcused)
  silence.start()
  clock.advance(5_500)
  assert.equal(silences(), 0)
  isExcused = false
  clock.advance(500)
  assert.equal(silences(), 1)
})

test('silence timer: stopped, or without a time, it does nothing', () => {
  const stopped = timer(1_000)
  stopped.silence.start()
  stopped.silence.start()
  stopped.silence.stop()
  assert.equal(stopped.clock.pending, 0)
  const off = timer(undefined)
  off.silence.start()
  assert.equal(off.clock.pending, 0)
})
