// What leaves the inspector: curl commands and HTTP archives.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import test from 'node:test'
import fc from 'fast-check'
import { curlCommand } from './curl-command.ts'
import type { Exchange } from './exchange.ts'
import { harPieces } from './har.ts'
import { createInspectorTest } from './inspector.test.support.ts'
import { redactBody, redactFields, redactTarget } from './redaction.ts'
import { shellQuote } from './shell-quote.ts'

const publicUrl = 'https://app.example.com'

test('shell: every word reaches the program as it was, whatever is in it', () => {
  // Up to where the marks of direction are, without NUL, which no argument can hold.
  const character = fc.integer({ min: 1, max: 0x2fff })
  const word = fc.array(character, { maxLength: 12 }).map((codes) => String.fromCharCode(...codes))
  const words = fc.sample(word, { numRuns: 500, seed: 7 })
  words.push("'; touch x; '", '$(id)', '`id`', '\u001b]0;x\u0007', '-n', '', "a'\n1", '\u00017')
  const quoted = words.map(shellQuote)
  for (const word of quoted) assert.doesNotMatch(word, /\p{Cc}/u)
  const { stdout, status } = spawnSync('bash', ['-c', `printf '%s\\0' ${quoted.join(' ')}`], {
    env: { LC_ALL: 'C.UTF-8', PATH: '/usr/bin:/bin' },
  })
  assert.equal(status, 0)
  assert.deepEqual(stdout.toString('utf8').split('\0').slice(0, -1), words)
})

test('curl: a hostile path and field stay inside their words', () => {
  const { pass } = createInspectorTest()
  const exchange = pass({
    target: "/a'$(id)?b=[1]",
    fields: [
      ['Host', 'app.example.com'],
      ['Connection', 'close'],
      ['Accept-Encoding', 'gzip'],
      ['X-Empty', ''],
      ['X-A', '`id`'],
    ],
  })
  assert.equal(
    curlCommand(exchange, { publicUrl, withSecrets: false }),
    `curl \\
  --globoff \\
  --path-as-is 'https://app.example.com/a'\\''$(id)?b=[1]' \\
  --header 'Host: app.example.com' \\
  --compressed \\
  --header 'X-Empty;' \\
  --header 'X-A: \`id\`'`,
  )
})

test('curl: a body comes by stdin; secrets only when they are asked for', () => {
  const { pass } = createInspectorTest()
  const exchange = pass({
    method: 'POST',
    target: '/login?token=abc&x=1',
    fields: [
      ['Authorization', 'Bearer abc'],
      ['Content-Type', 'application/json'],
    ],
    body: '{"user":"u","password":"abc"}',
  })
  const hidden = curlCommand(exchange, { publicUrl, withSecrets: false })
  assert.doesNotMatch(hidden, /abc/)
  assert.match(hidden, /^printf %s '\{"user":"u","password":"REDACTED"\}' \| curl /)
  const shown = curlCommand(exchange, { publicUrl, withSecrets: true })
  assert.match(shown, /token=abc&x=1/)
  assert.match(shown, /'Authorization: Bearer abc'/)
})

test('curl: bytes that are no text come as base64', () => {
  const { pass } = createInspectorTest()
  const exchange = pass({ method: 'PUT', body: Buffer.from([0, 255]) })
  const command = curlCommand(exchange, { publicUrl, withSecrets: true })
  assert.match(command, /^printf %s AP8= \| base64 -d \| curl /)
  assert.match(command, /--request PUT/)
})

test('redaction: by name, in fields, queries, forms and JSON of any depth', () => {
  assert.deepEqual(
    redactFields([
      ['Cookie', 'a=b'],
      ['X-Hub-Signature-256', 'sha256=1'],
      ['X-Api-Key', 'k'],
      ['Accept', '*/*'],
      ['Referer', 'https://a/?access_token=x'],
    ]).map(([, value]) => value),
    ['REDACTED', 'REDACTED', 'REDACTED', '*/*', 'https://a/?access_token=REDACTED'],
  )
  assert.equal(redactTarget('/?a=1&to%6ben=x&b'), '/?a=1&to%6ben=REDACTED&b')
  assert.equal(
    redactBody('{"a":[{"client_secret":{"b":1},"c":2}]}', 'application/json'),
    '{"a":[{"client_secret":"REDACTED","c":2}]}',
  )
  assert.equal(redactBody('{"password":"x', 'application/json'), undefined)
  assert.equal(redactBody('--b\r\n', 'multipart/form-data'), undefined)
})

test('HAR: ended exchanges, without secrets unless they are asked for', async () => {
  const { pass } = createInspectorTest()
  const exchange = pass({
    method: 'POST',
    target: '/x?q=1&api_key=abc',
    fields: [['Cookie', 'sid=abc']],
    body: 'hello',
    responseFields: [
      ['Set-Cookie', 'sid=abc'],
      ['Content-Type', 'application/json'],
      ['Location', '/next?token=abc'],
    ],
    responseBody: '{"access_token":"abc","n":1}',
    tookMs: 30,
  })
  const options = { version: '1', publicUrlOf: () => publicUrl }
  const harOf = async (exchanges: readonly Exchange[], withSecrets: boolean): Promise<string> => {
    let har = ''
    for await (const piece of harPieces(exchanges, { ...options, withSecrets })) har += piece
    return har
  }
  assert.doesNotMatch(await harOf([exchange], false), /abc/)
  const open = { ...exchange, endMs: undefined }
  const { log } = JSON.parse(await harOf([open, exchange, exchange], true)) as {
    log: { entries: readonly Record<string, unknown>[] }
  }
  const { entries } = log
  assert.equal(entries.length, 2)
  const [entry] = entries
  assert.equal(entry?.['startedDateTime'], '2026-11-20T12:00:00.000Z')
  assert.equal(entry['time'], 30)
  assert.deepEqual(entry['timings'], { send: 0, wait: 30, receive: 0 })
  const { url, queryString } = entry['request'] as { url: string; queryString: unknown }
  assert.equal(url, 'https://app.example.com/x?q=1&api_key=abc')
  assert.deepEqual(queryString, [
    { name: 'q', value: '1' },
    { name: 'api_key', value: 'abc' },
  ])
})
