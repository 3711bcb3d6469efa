import assert from 'node:assert/strict'
import test from 'node:test'
import { type LogOptions, createLog } from './log.ts'
import type { RelayEvent } from './relay-event.ts'

function record(options: Pick<LogOptions, 'json' | 'logLevel'>) {
  const out: string[] = []
  const err: string[] = []
  const log = createLog({
    ...options,
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
  })
  return { log, out, err }
}

const listening: RelayEvent = { event: 'listening', address: '127.0.0.1:8443', host: 'a.test' }
const visit: RelayEvent = {
  event: 'visit',
  route: 'tcp://a.test:2222',
  visitor: '192.0.2.1:5',
  bytesIn: 1,
  bytesOut: 2,
  ms: 3,
  endedBy: 'end',
}

test('log: people get lines on stderr, and nothing on stdout', () => {
  const { log, out, err } = record({ json: false, logLevel: 'info' })
  log.event(listening)
  log.note('warn', 'careful')
  assert.deepEqual(out, [])
  assert.deepEqual(err, [
    'relay: listening on 127.0.0.1:8443, reached as a.test\n',
    'relay: careful\n',
  ])
})

test('log: programs get one JSON object a line on stdout, with version and event', () => {
  const { log, out, err } = record({ json: true, logLevel: 'info' })
  log.event(listening)
  log.event({ event: 'stopped', exit: 0 })
  assert.deepEqual(err, [])
  assert.deepEqual(
    out.map((line) => JSON.parse(line) as unknown),
    [
      { v: 1, event: 'listening', address: '127.0.0.1:8443', host: 'a.test' },
      { v: 1, event: 'stopped', exit: 0 },
    ],
  )
  assert.ok(out.every((line) => line.endsWith('}\n')))
})

test('log: the level decides what is said', () => {
  for (const [logLevel, lines] of [
    ['error', 0],
    ['warn', 1],
    ['info', 2],
    ['debug', 3],
  ] as const) {
    const { log, err } = record({ json: false, logLevel })
    log.event(visit)
    log.event(listening)
    log.note('warn', 'careful')
    assert.equal(err.length, lines, logLevel)
  }
})
