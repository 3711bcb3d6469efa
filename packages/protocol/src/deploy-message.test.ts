import assert from 'node:assert/strict'
import test from 'node:test'
import { parseDeployReply, parseDeployRequest } from './deploy-message.ts'

test('deploy message: requests of another form are refused, with the place and without the value', () => {
  for (const head of [
    undefined,
    null,
    [],
    'status',
    {},
    { do: 'format-disk' },
    { do: 'status', more: true },
    { do: 'agents-rm' },
    { do: 'agents-add', name: 'a', publicKey: 'short', allow: '*' },
    { do: 'logs', lines: 0 },
    { do: 'logs', lines: 1e9 },
    { do: 'logs', lines: '5' },
  ]) {
    assert.throws(() => parseDeployRequest(head), { code: 'SP_PROTOCOL' }, JSON.stringify(head))
  }
  assert.throws(() => parseDeployRequest({ do: 'logs', lines: 0 }), /request \(lines\)/)
  assert.deepEqual(parseDeployRequest({ do: 'status' }), { do: 'status' })
})

test('deploy message: a refusal is thrown under its code, and is one line for a terminal', () => {
  const refused = { ok: false, code: 'SP_USAGE', message: 'no\u001b[2J\nagent' }
  assert.throws(() => parseDeployReply(refused), { code: 'SP_USAGE', message: 'no [2J agent' })
  const unknown = { ok: false, code: 'toString', message: 'x' }
  assert.throws(() => parseDeployReply(unknown), { code: 'SP_INTERNAL' })
  for (const head of [undefined, {}, { ok: 1 }, { ok: true, agents: 'all' }]) {
    assert.throws(() => parseDeployReply(head), { code: 'SP_PROTOCOL' }, JSON.stringify(head))
  }
})

test('deploy message: names and permissions from a relay carry no control characters', () => {
  const agents = [{ name: 'a\u001bb', key: 'k', allow: '*\u202e' }]
  const reply = parseDeployReply({ ok: true, agents })
  assert.deepEqual(reply.agents, [{ name: 'a b', key: 'k', allow: '* ' }])
})
