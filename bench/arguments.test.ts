import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseArguments, parseWan, type Arguments } from './arguments.ts'
import { delaylineArguments } from './wan/wan.ts'

function parse(...argv: readonly string[]): Arguments {
  const parsed = parseArguments(argv)
  assert.notEqual(parsed, 'help')
  return parsed as Arguments
}

const ids = (items: readonly { readonly id: string }[]) => items.map(({ id }) => id)

test('arguments: all peers but the reference line, five rounds', () => {
  const { peers, rounds, metrics } = parse()
  assert.equal(rounds, 5)
  assert.ok(ids(peers).includes('ours') && ids(peers).includes('rathole-noise'))
  assert.ok(!ids(peers).includes('direct') && !ids(peers).includes('ours-4'))
  assert.ok(ids(metrics).includes('idle-tls') && !ids(metrics).includes('bulk-8'))
})

test('arguments: names pick in the order of a run; --direct adds to them', () => {
  const { peers, metrics } = parse('--peers', 'frp,ours', '--only', 'reconnect,bulk', '--direct')
  assert.deepEqual(ids(peers), ['ours', 'frp', 'direct'])
  assert.deepEqual(ids(metrics), ['bulk', 'reconnect'])
})

test('arguments: over a WAN the reference line is always there', () => {
  const { peers, metrics, wan } = parse('--wan', '100,0.1,200,cubic', '--peers', 'ours')
  assert.deepEqual(ids(peers), ['ours', 'direct'])
  assert.deepEqual(ids(metrics), ['bulk', 'bulk-8', 'first-byte'])
  assert.equal(wan?.lossPercent, 0.1)
})

test('arguments: a wrong one is named with what would be right', () => {
  assert.throws(() => parse('--peers', 'frp,nginx'), /--peers "frp,nginx": needs some of ours, /)
  assert.throws(() => parse('--only', ''), /--only ""/)
  assert.throws(() => parse('--rounds', '0'), /--rounds "0": needs a whole number/)
  assert.throws(() => parse('--seconds', '1.5'), /--seconds/)
  for (const wan of ['100', '100,0.1,200', '100,0.1,0,cubic', '100,90,200,cubic', '1,1,1,x;y']) {
    assert.throws(() => parse('--wan', wan), /needs RTT_ms,LOSS%,RATE_mbit,CC/)
  }
})

test('wan: half the round trip each way, ppm, and a queue of one bandwidth-delay product', () => {
  assert.deepEqual(delaylineArguments(parseWan('100,0.1%,200,cubic')), [
    '50000',
    '1000',
    '200',
    '2500000',
  ])
  assert.equal(delaylineArguments(parseWan('1,0,10,reno'))[3], '262144')
})
