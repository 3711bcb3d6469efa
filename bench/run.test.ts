import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Metric } from './metrics/metric.ts'
import type { Peer } from './peers/peer.ts'
import { rotate } from './rotation.ts'
import type { Outcome } from './result.ts'
import { measureInQuiet, runRounds } from './run.ts'

test('rotate: starts one further every round and comes round again', () => {
  const peers = ['a', 'b', 'c']
  assert.deepEqual(rotate(peers, 0), ['a', 'b', 'c'])
  assert.deepEqual(rotate(peers, 1), ['b', 'c', 'a'])
  assert.deepEqual(rotate(peers, 5), ['c', 'a', 'b'])
  assert.deepEqual(rotate([], 3), [])
})

function peer(id: string): Peer {
  const plan = () => Promise.reject(new Error('not started here'))
  return { id, label: id, protection: 'plain', programs: [], reconnects: id !== 'b', plan }
}

function metric(id: string, exclude?: Metric['exclude']): Metric {
  const run = () => Promise.reject(new Error('not run here'))
  const shared = { id, title: id, method: '', visitors: 'tcp', readings: [], run } as const
  return exclude ? { ...shared, exclude } : shared
}

const measured = {
  values: { x: 1 },
  failed: 0,
  reasons: [],
  stolenPercent: 0,
  othersPercent: 0,
  repeats: 0,
}

test('run: rotates every metric, leaves out what does not apply, and goes on after a failure', async () => {
  const rounds = {
    rounds: 2,
    peers: [peer('a'), peer('b')],
    metrics: [
      metric('m'),
      metric('n', ({ reconnects }) => (reconnects ? undefined : 'stays away')),
    ],
  }
  const outcomes: Outcome[] = []
  for await (const outcome of runRounds(rounds, async ({ id }, { id: peerId }) => {
    if (id === 'm' && peerId === 'a') throw new Error('hung')
    return measured
  })) {
    outcomes.push(outcome)
  }
  const order = outcomes.map(({ round, metric: id, peer: peerId }) => `${round} ${id} ${peerId}`)
  assert.deepEqual(order, ['0 m a', '0 m b', '0 n a', '1 m b', '1 m a', '1 n a'])
  const failures = outcomes.filter((outcome) => outcome.kind === 'failed')
  assert.deepEqual(
    failures.map(({ round, failure }) => [round, failure]),
    [
      [0, 'hung'],
      [1, 'hung'],
    ],
  )
})

test('run: a measurement that others disturbed is made again, so often and no oftener', async () => {
  const disturbed = { ...measured, othersPercent: 30 }
  const tries = [disturbed, disturbed, measured, measured]
  const measure = async () => tries.shift() ?? measured
  assert.equal((await measureInQuiet(5, measure)).repeats, 2)
  assert.equal(tries.length, 1)
  const always = await measureInQuiet(3, async () => disturbed)
  assert.deepEqual([always.repeats, always.othersPercent], [3, 30])
})

test('run: a failure is not made again', async () => {
  let tries = 0
  const fail = () => {
    tries += 1
    return Promise.reject(new Error('hung'))
  }
  await assert.rejects(measureInQuiet(5, fail), /hung/)
  assert.equal(tries, 1)
})
