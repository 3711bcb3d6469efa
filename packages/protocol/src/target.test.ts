import assert from 'node:assert/strict'
import { test } from 'node:test'

import { refusal } from './refusal.test.support.ts'
import { formatTarget, parseTarget, type Target } from './target.ts'

test('a target comes back as it was formatted', () => {
  const cases: Record<string, Target> = {
    'localhost:3000': { kind: 'tcp', host: 'localhost', port: 3000 },
    '10.0.0.5:80': { kind: 'tcp', host: '10.0.0.5', port: 80 },
    '[::1]:3000': { kind: 'tcp', host: '::1', port: 3000 },
    'https://host:8443': { kind: 'https', host: 'host', port: 8443 },
    'https://[::1]:8443': { kind: 'https', host: '::1', port: 8443 },
    'unix:/run/app.sock': { kind: 'unix', path: '/run/app.sock' },
    'unix:./App: 1.sock': { kind: 'unix', path: './App: 1.sock' },
  }
  for (const [text, target] of Object.entries(cases)) {
    assert.deepEqual(parseTarget(text, 'x'), target)
    assert.equal(formatTarget(target), text)
  }
})

test('a port alone is of this machine, and a browser’s forms are understood', () => {
  const local = { kind: 'tcp', host: 'localhost', port: 3000 } as const
  for (const text of ['3000', 'http://localhost:3000', 'HTTP://LocalHost:3000/']) {
    assert.deepEqual(parseTarget(text, 'x'), local)
  }
  assert.deepEqual(parseTarget('http://[::1]', 'x'), { kind: 'tcp', host: '::1', port: 80 })
  assert.deepEqual(parseTarget('https://a', 'x'), { kind: 'https', host: 'a', port: 443 })
})

test('a wrong target is refused with its place, its value and what would be right', () => {
  const cases: Record<string, string> = {
    '': 'PORT, HOST:PORT',
    localhost: 'PORT, HOST:PORT',
    '::1': 'PORT, HOST:PORT',
    '::1:3000': 'PORT, HOST:PORT',
    ':3000': 'PORT, HOST:PORT',
    'a_b:3000': 'PORT, HOST:PORT',
    '1.2.3:3000': 'PORT, HOST:PORT',
    'ftp://a:21': 'PORT, HOST:PORT',
    'https://a/path': 'PORT, HOST:PORT',
    'https://a:443/path': 'a port from 1 to 65535',
    '0': 'a port from 1 to 65535',
    '65536': 'a port from 1 to 65535',
    'a:': 'a port from 1 to 65535',
    'a:http': 'a port from 1 to 65535',
    'a:80 ': 'a port from 1 to 65535',
    '-1': 'PORT, HOST:PORT',
    'unix:': 'a path with a slash',
    'unix:app': 'a path with a slash',
    'unix:/a\0b': 'a path with a slash',
  }
  for (const [text, right] of Object.entries(cases)) {
    const message = refusal('SP_USAGE', () => parseTarget(text, 'TARGET'))
    const start = `target (TARGET): ${JSON.stringify(text)} is not valid; needs ${right}`
    assert.ok(message.startsWith(start), message)
  }
  assert.match(
    refusal('SP_CONFIG', () => parseTarget('x', 'PORT in .env line 3', 'SP_CONFIG')),
    /^target \(PORT in \.env line 3\): "x"/,
  )
})

test('a unix path fits into sockaddr_un, counted in bytes', () => {
  parseTarget(`unix:/${'a'.repeat(106)}`, 'x')
  refusal('SP_USAGE', () => parseTarget(`unix:/${'a'.repeat(107)}`, 'x'))
  refusal('SP_USAGE', () => parseTarget(`unix:/${'é'.repeat(54)}`, 'x'))
})

test('a password that stands in a target is not shown', () => {
  for (const text of ['http://me:hunter2@a', 'me:hunter2@a:80', 'https://hunter2@a:443']) {
    assert.ok(!refusal('SP_USAGE', () => parseTarget(text, 'TARGET')).includes('hunter2'))
  }
})
