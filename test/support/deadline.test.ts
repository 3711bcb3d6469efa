import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import test from 'node:test'
import { deadline, until } from './deadline.ts'

const never = new Promise<never>(() => {})

test('deadline: passes on what the promise gives, value or error', async () => {
  assert.equal(await deadline(Promise.resolve(7), 1_000, 'answer'), 7)
  await assert.rejects(deadline(Promise.reject(new Error('no')), 1_000, 'answer'), /^Error: no$/)
})

test('deadline: names what did not come', async () => {
  await assert.rejects(deadline(never, 1, 'reply of the origin'), {
    message: 'no reply of the origin within 1 ms',
  })
})

test('until: gives the arguments of the event', async () => {
  const emitter = new EventEmitter()
  const heard = until(emitter, 'line')
  emitter.emit('line', 'a', 1)
  assert.deepEqual(await heard, ['a', 1])
})

test('until: rejects on an error of the emitter and leaves no listener behind', async () => {
  const emitter = new EventEmitter()
  const heard = until(emitter, 'line')
  emitter.emit('error', new Error('broken'))
  await assert.rejects(heard, /broken/)
  await assert.rejects(until(emitter, 'line', 1), /no 'line' event within 1 ms/)
  assert.equal(emitter.listenerCount('line') + emitter.listenerCount('error'), 0)
})
