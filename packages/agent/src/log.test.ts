import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AgentEvent } from './events.ts'
import { Log, formatJson } from './log.ts'

const ready: AgentEvent = {
  event: 'ready',
  url: 'https://a.test',
  routes: [{ id: 'r0', url: 'https://a.test', target: 'localhost:3000' }],
}
const failure = { code: 'SP_SESSION_LOST', message: 'it broke' } as const
const lost: AgentEvent = { event: 'lost', ...failure }
const reconnecting: AgentEvent = { event: 'reconnecting', connection: 0, delayMs: 80, ...failure }
const visit: AgentEvent = {
  event: 'visit',
  visitor: '192.0.2.7',
  route: 'r0',
  bytesFromVisitor: 5,
  bytesToVisitor: 9,
  durationMs: 1_234,
  endedBy: 'end',
  message: undefined,
}

test('log: says where the service is, and once what that means', () => {
  const log = new Log('info')
  assert.deepEqual(log.lines(ready), [
    'agent: https://a.test → localhost:3000',
    'agent: warning: anyone who knows this address can reach localhost:3000',
  ])
  assert.deepEqual(log.lines(ready), ['agent: https://a.test → localhost:3000'])
})

test('log: tells an outage once, each further reason once, and each try under -v', () => {
  const log = new Log('info')
  const other: AgentEvent = { ...reconnecting, message: 'another reason' }
  assert.equal(log.lines(lost).length, 1)
  assert.deepEqual(log.lines(reconnecting), [])
  assert.equal(log.lines(other).length, 1)
  assert.deepEqual(log.lines(other), [])
  log.lines(ready)
  assert.equal(log.lines(reconnecting).length, 1)
  assert.equal(new Log('debug').lines(reconnecting).length, 1)
})

test('log: a level leaves out what is below it', () => {
  assert.deepEqual(new Log('info').lines(visit), [])
  assert.deepEqual(new Log('debug').lines(visit), [
    'agent: visit of 192.0.2.7 on r0: 5 bytes in, 9 out, 1.234 s, ended by end',
  ])
  assert.deepEqual(new Log('error').lines(ready), [])
  assert.equal(new Log('error').lines({ event: 'refused', ...failure }).length, 1)
})

test('log: every event is one JSON line with its version and name', () => {
  for (const event of [ready, lost, reconnecting, visit]) {
    const line = formatJson(event)
    assert.ok(!line.includes('\n'))
    const parsed = JSON.parse(line) as { v: number; event: string }
    assert.deepEqual([parsed.v, parsed.event], [1, event.event])
  }
  assert.equal(formatJson({ event: 'stopped', exit: 0 }), '{"v":1,"event":"stopped","exit":0}')
})

test('log: advice says what to write where, and the flag that does as well', () => {
  const advice = {
    event: 'advice',
    target: 'localhost:5173',
    server: 'Vite',
    problem: 'refuses the host a.test',
    file: 'vite.config.js',
    line: 'x',
  } as const
  const log = new Log('info')
  const said =
    'agent: warning: Vite at localhost:5173 refuses the host a.test; in vite.config.js: x'
  assert.deepEqual(log.lines(advice), [said])
  assert.deepEqual(log.lines({ ...advice, flag: '--y' }), [`${said}; or start the agent with --y`])
})
