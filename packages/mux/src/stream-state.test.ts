import assert from 'node:assert/strict'
import test from 'node:test'
import { type StreamState, canReceive, canSend, streamTransitions } from './stream-state.ts'

const states = Object.keys(streamTransitions) as StreamState[]

test('stream state: two halves that end on their own, and a reset that ends both', () => {
  for (const state of states) {
    const { sendEnd, receiveEnd, reset } = streamTransitions[state]
    assert.equal(sendEnd !== undefined, canSend(state), state)
    assert.equal(receiveEnd !== undefined, canReceive(state), state)
    assert.equal(reset, state === 'closed' ? undefined : 'closed', state)
    if (sendEnd) {
      assert.equal(canSend(sendEnd), false)
      assert.equal(canReceive(sendEnd), canReceive(state))
    }
    if (receiveEnd) {
      assert.equal(canReceive(receiveEnd), false)
      assert.equal(canSend(receiveEnd), canSend(state))
    }
  }
})

test('stream state: closed is where neither half is open, and nothing leads out of it', () => {
  for (const state of states) {
    assert.equal(state === 'closed', !canSend(state) && !canReceive(state))
  }
  assert.deepEqual(streamTransitions.closed, {})
})
