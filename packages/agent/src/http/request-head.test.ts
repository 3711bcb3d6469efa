import assert from 'node:assert/strict'
import test from 'node:test'
import { SallyportError } from '@sallyport/protocol'
import { HeadParser } from './head-parser.ts'
import { type RequestHead, parseRequestHead } from './request-head.ts'

function parse(...lines: readonly string[]): RequestHead {
  const parser = new HeadParser()
  parser.begin('request')
  const text = Buffer.from([...lines, '', ''].join('\r\n'), 'latin1')
  assert.equal(parser.push(text, 0, text.length), text.length)
  return parseRequestHead(parser)
}

/** A request for app.example.com. */
const post = (...fields: readonly string[]): RequestHead =>
  parse('POST / HTTP/1.1', 'Host: app.example.com', ...fields)

test('request head: reads line, host and persistence', () => {
  const head = parse('GET /a?b=c HTTP/1.1', 'Host: App.Example.com:8443', 'Accept: text/html')
  assert.deepEqual(head.line, {
    method: 'GET',
    target: '/a?b=c',
    isVerbatim: true,
    authority: undefined,
    minor: 1,
  })
  assert.equal(head.host, 'App.Example.com:8443')
  assert.deepEqual(head.authority, { host: 'app.example.com', port: 8443 })
  assert.equal(head.isPersistent, true)
  assert.equal(head.accept, 'text/html')
  assert.equal(post('Connection: close').isPersistent, false)
  assert.equal(post('Connection: Keep-Alive, Close').isPersistent, false)
  assert.equal(parse('GET / HTTP/1.0').isPersistent, false)
  assert.equal(parse('GET / HTTP/1.0', 'Connection: keep-alive').isPersistent, true)
})

test('request head: bodies end by length or by chunks', () => {
  assert.deepEqual(post().body, { kind: 'none', bytes: 0 })
  assert.deepEqual(post('Content-Length: 0').body, { kind: 'length', bytes: 0 })
  assert.deepEqual(post('Content-Length: 0012').body, { kind: 'length', bytes: 12 })
  assert.deepEqual(post('Transfer-Encoding: Chunked').body, { kind: 'chunked', bytes: 0 })
})

test('request head: an absolute target is reduced to its path', () => {
  const line = (target: string, method = 'GET'): string =>
    parse(`${method} ${target} HTTP/1.1`, 'Host: app.example.com').line.target
  assert.equal(line('https://app.example.com/x?y'), '/x?y')
  assert.equal(line('http://APP.example.com:443'), '/')
  assert.equal(line('https://app.example.com?y'), '/?y')
  assert.equal(line('https://app.example.com', 'OPTIONS'), '*')
  assert.equal(line('*', 'OPTIONS'), '*')
})

test('request head: fields that Connection names belong to this hop', () => {
  const head = post('Connection: X-Secret, close', 'Connection: x-other')
  assert.deepEqual([...(head.named ?? [])], ['x-secret', 'x-other'])
})

test('request head: a WebSocket is asked for by the whole handshake or not at all', () => {
  const ask = (method: string, ...fields: readonly string[]): string | undefined =>
    parse(`${method} / HTTP/1.1`, 'Host: a', ...fields).webSocketKey
  const handshake = [
    'Connection: keep-alive, Upgrade',
    'Upgrade: WebSocket',
    'Sec-WebSocket-Key: k',
  ]
  assert.equal(ask('GET', ...handshake), 'k')
  assert.equal(ask('POST', ...handshake), undefined)
  assert.equal(ask('GET', ...handshake, 'Content-Length: 5'), undefined)
  assert.equal(ask('GET', ...handshake, 'Transfer-Encoding: chunked'), undefined)
  assert.equal(ask('GET', ...handshake, 'Upgrade: websocket'), undefined)
  assert.equal(ask('GET', ...handshake.slice(1)), undefined)
  assert.equal(ask('GET', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c'), undefined)
  assert.equal(ask('GET', 'Connection: Upgrade', 'Upgrade: h2c, websocket'), undefined)
  assert.equal(parse('GET / HTTP/1.0', 'Host: a', ...handshake).webSocketKey, undefined)
})

test('request head: 100-continue is waited for only where a body follows', () => {
  assert.equal(post('Expect: 100-Continue', 'Content-Length: 5').expectsContinue, true)
  assert.equal(post('Expect: 100-continue', 'Transfer-Encoding: chunked').expectsContinue, true)
  assert.equal(post('Expect: 100-continue').expectsContinue, false)
  assert.equal(post('Expect: 100-continue', 'Content-Length: 0').expectsContinue, false)
  const old = parse('POST / HTTP/1.0', 'Expect: 100-continue', 'Content-Length: 5')
  assert.equal(old.expectsContinue, false)
})

const host = 'Host: app.example.com'
const twice = (line: string): readonly string[] => [line, line]
const ambiguous: readonly (readonly [what: string, ...lines: string[]])[] = [
  ['both framings', 'POST / HTTP/1.1', host, 'Content-Length: 5', 'Transfer-Encoding: chunked'],
  ['two lengths that differ', 'POST / HTTP/1.1', host, 'Content-Length: 5', 'Content-Length: 6'],
  ['two lengths that agree', 'POST / HTTP/1.1', host, 'Content-Length: 5', 'Content-Length: 5'],
  ['a list of lengths', 'POST / HTTP/1.1', host, 'Content-Length: 5, 5'],
  ['a signed length', 'POST / HTTP/1.1', host, 'Content-Length: +5'],
  ['a negative length', 'POST / HTTP/1.1', host, 'Content-Length: -1'],
  ['an empty length', 'POST / HTTP/1.1', host, 'Content-Length:'],
  ['a length in hexadecimal', 'POST / HTTP/1.1', host, 'Content-Length: 0x5'],
  ['a length with a blank', 'POST / HTTP/1.1', host, 'Content-Length: 5 5'],
  ['a length above 2^53', 'POST / HTTP/1.1', host, 'Content-Length: 9007199254740992'],
  ['a length of 20 digits', 'POST / HTTP/1.1', host, 'Content-Length: 18446744073709551617'],
  ['two codings', 'POST / HTTP/1.1', host, 'Transfer-Encoding: gzip, chunked'],
  ['chunked twice', 'POST / HTTP/1.1', host, 'Transfer-Encoding: chunked, chunked'],
  ['two coding fields', 'POST / HTTP/1.1', host, ...twice('Transfer-Encoding: chunked')],
  ['identity', 'POST / HTTP/1.1', host, 'Transfer-Encoding: identity'],
  ['an unknown coding', 'POST / HTTP/1.1', host, 'Transfer-Encoding: xchunked'],
  ['an empty coding', 'POST / HTTP/1.1', host, 'Transfer-Encoding:'],
  ['chunked in quotes', 'POST / HTTP/1.1', host, 'Transfer-Encoding: "chunked"'],
  ['chunked with a parameter', 'POST / HTTP/1.1', host, 'Transfer-Encoding: chunked;q=1'],
  ['chunked behind a vertical tab', 'POST / HTTP/1.1', host, 'Transfer-Encoding: \xa0chunked'],
  ['chunks in HTTP/1.0', 'POST / HTTP/1.0', host, 'Transfer-Encoding: chunked'],
  ['a body in a TRACE', 'TRACE / HTTP/1.1', host, 'Content-Length: 5'],
  ['no host', 'GET / HTTP/1.1'],
  ['two hosts', 'GET / HTTP/1.1', host, host],
  ['an empty host', 'GET / HTTP/1.1', 'Host:'],
  ['two names in a host', 'GET / HTTP/1.1', 'Host: a, b'],
  ['user info in a host', 'GET / HTTP/1.1', 'Host: a@b'],
  ['a path in a host', 'GET / HTTP/1.1', 'Host: a/b'],
  ['a port that is none', 'GET / HTTP/1.1', 'Host: a:b'],
  ['another host in the target', 'GET https://b.example.com/ HTTP/1.1', host],
  ['another port in the target', 'GET https://app.example.com:1/ HTTP/1.1', host],
  ['user info in the target', 'GET https://x@app.example.com/ HTTP/1.1', host],
  ['another scheme', 'GET ftp://app.example.com/ HTTP/1.1', host],
  ['an authority as target', 'GET app.example.com:443 HTTP/1.1', host],
  ['a relative target', 'GET x HTTP/1.1', host],
  ['a star in a GET', 'GET * HTTP/1.1', host],
  ['a fragment', 'GET /x#y HTTP/1.1', host],
  ['two blanks in the line', 'GET  / HTTP/1.1', host],
  ['a blank behind the line', 'GET / HTTP/1.1 ', host],
  ['a tab in the line', 'GET\t/ HTTP/1.1', host],
  ['a blank in the target', 'GET /a b HTTP/1.1', host],
  ['no version', 'GET /', host],
  ['a version of two digits', 'GET / HTTP/1.10', host],
  ['a version in lower case', 'GET / http/1.1', host],
  ['a method that is no token', 'G{T / HTTP/1.1', host],
  ['a method of 33 letters', `${'A'.repeat(33)} / HTTP/1.1`, host],
  ['no method', ' / HTTP/1.1', host],
  ['Connection: Host', 'GET / HTTP/1.1', host, 'Connection: Host'],
  ['Connection: Content-Length', 'POST / HTTP/1.1', host, 'Connection: close, content-length'],
  ['Connection: Transfer-Encoding', 'POST / HTTP/1.1', host, 'Connection: transfer-encoding'],
  ['a Connection that is no list', 'GET / HTTP/1.1', host, 'Connection: a b'],
]

for (const [what, ...lines] of ambiguous) {
  test(`request head: refuses ${what}`, () => {
    assert.throws(
      () => parse(...lines),
      (error) => error instanceof SallyportError && error.code === 'SP_HTTP_BAD_REQUEST',
    )
  })
}

const unsupported: readonly (readonly string[])[] = [
  ['CONNECT app.example.com:443 HTTP/1.1', host],
  ['CONNECT / HTTP/1.1', host],
  ['PRI * HTTP/2.0'],
  ['GET / HTTP/1.2', host],
  ['GET / HTTP/0.9', host],
  ['POST / HTTP/1.1', host, 'Expect: 200-ok', 'Content-Length: 5'],
  ['POST / HTTP/1.1', host, 'Expect: 100-continue', 'Expect: 100-continue'],
]

for (const lines of unsupported) {
  test(`request head: does not do ${lines.join(' | ')}`, () => {
    assert.throws(
      () => parse(...lines),
      (error) => error instanceof SallyportError && error.code === 'SP_HTTP_UNSUPPORTED',
    )
  })
}
