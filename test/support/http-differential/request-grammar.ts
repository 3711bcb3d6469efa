// Requests as visitors send them and as attackers do: built from a grammar, then damaged. All are for
// app.example.com; bodies contain what would be a request, so that a lost border shows.
import type { Seeded } from './seeded.ts'

const methods = ['GET', 'POST', 'PUT', 'HEAD', 'DELETE', 'OPTIONS', 'PATCH', 'REPORT']
const targets = ['/', '/a/b?c=d&e', '/%2e/x', '/;p=1', '/a//b', '/?q=%00', '/~x|y{z}', '/a?b#c']
const hosts = ['app.example.com', 'APP.example.com:443', 'app.example.com:8443', 'app.example.com.']
const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: app.example.com\r\n\r\n'
const bodies = [
  '',
  'hello',
  smuggled,
  '0\r\n\r\n',
  `0\r\n\r\n${smuggled}`,
  'x'.repeat(3000),
  '\r\n',
]

const plainLines = [
  'User-Agent: test',
  'Accept: */*',
  'Cookie: a=b; c="d"',
  'X-Empty:',
  'X-Spaced:  \t value \t ',
  'X-Latin: \xe4\xf6\xfc',
  'X-Long: ' + 'y'.repeat(1500),
  'Content-Type: text/plain; charset=utf-8',
  'Connection: keep-alive',
  'Connection: close',
  'Connection: keep-alive, X-Hop',
  'X-Hop: 1',
  'Keep-Alive: timeout=5',
  'TE: trailers',
  'Trailer: X-Sum',
  'Upgrade: h2c',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Expect: 100-continue',
  'X-Forwarded-For: 6.6.6.6',
]

const hostileLines = [
  'Content-Length: 5',
  'Content-Length: 0',
  'Content-Length: +5',
  'Content-Length: -5',
  'Content-Length: 5, 5',
  'Content-Length: 05',
  'Content-Length: 0x5',
  'Content-Length: 5 ',
  'Content-Length:\x0b5',
  'Content-Length: 5\x00',
  'Content-Length: 99999999999999999999',
  'Content-Length : 5',
  'Content-Length',
  'Content_Length: 5',
  'content.length: 5',
  ' Content-Length: 5',
  '\tContent-Length: 5',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: Chunked',
  'Transfer-Encoding: chunked, identity',
  'Transfer-Encoding: identity, chunked',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding: x chunked',
  'Transfer-Encoding: xchunked',
  'Transfer-Encoding: chunked ',
  'Transfer-Encoding:\x0bchunked',
  'Transfer-Encoding: \x00chunked',
  'Transfer-Encoding:\tchunked',
  'Transfer-Encoding : chunked',
  'Transfer-Encoding: "chunked"',
  "Transfer-Encoding: 'chunked'",
  'Transfer-Encoding: chunked;foo=bar',
  'Transfer-Encoding: \xa0chunked',
  'Transfer-Encoding:\r\n chunked',
  'Transfer-Encoding\r\n: chunked',
  'Transfer_Encoding: chunked',
  'X: y\nTransfer-Encoding: chunked',
  'X: y\rTransfer-Encoding: chunked',
  'Host: other.example.com',
  'Host: app.example.com',
  'Host:',
  'Host: app.example.com, other.example.com',
  'Host: app.example.com/x',
  ': empty',
  'X\x00Y: z',
  'X Y: z',
  'X(Y): z',
  'X: \x7f',
  'Connection: Content-Length',
  'Connection: Transfer-Encoding',
  'Connection: Host',
  'Expect: 100-continue, x',
  'Expect: nothing',
  '',
]

/** One request, without anything wrong in it. */
function goodRequest(seeded: Seeded): string {
  const method = seeded.pick(methods)
  const lines = [`${method} ${seeded.pick(targets.slice(0, -1))} HTTP/1.1`]
  if (seeded.chance(0.05)) lines[0] = `${method} https://app.example.com/abs HTTP/1.1`
  lines.push(seeded.chance(0.9) ? `Host: ${hosts[0] ?? ''}` : `Host: ${seeded.pick(hosts)}`)
  if (lines[0]?.includes('//app')) lines[1] = 'Host: app.example.com'
  for (let count = seeded.below(5); count > 0; count--) lines.push(seeded.pick(plainLines))
  const body = seeded.pick(bodies)
  const mayHaveNone = method === 'GET' || method === 'HEAD' || method === 'OPTIONS'
  if (mayHaveNone && seeded.chance(0.7)) return `${lines.join('\r\n')}\r\n\r\n`
  if (seeded.chance(0.5)) {
    lines.push(`Content-Length: ${body.length}`)
    return `${lines.join('\r\n')}\r\n\r\n${body}`
  }
  lines.push('Transfer-Encoding: chunked')
  return `${lines.join('\r\n')}\r\n\r\n${chunked(seeded, body)}`
}

function chunked(seeded: Seeded, body: string): string {
  let text = ''
  for (let at = 0; at < body.length;) {
    const size = 1 + seeded.below(seeded.chance(0.5) ? body.length : 7)
    const piece = body.slice(at, at + size)
    const digits = piece.length.toString(16)
    const written = seeded.pick([digits, digits.toUpperCase(), `0${digits}`, `000${digits}`])
    const extension = seeded.chance(0.1) ? seeded.pick([';x', ';x=y', ';x="\\"z"', ';']) : ''
    text += `${written}${extension}\r\n${piece}\r\n`
    at += size
  }
  const trailers = seeded.chance(0.2)
    ? seeded.pick(['X-Sum: 1\r\n', 'Content-Length: 9\r\n', 'Host: evil\r\n', 'A: b\r\nC: d\r\n'])
    : ''
  return `${text}${seeded.pick(['0', '0', '00', '0;last'])}\r\n${trailers}\r\n`
}

type Damage = (seeded: Seeded, text: string) => string

const odd = [
  '\0',
  '\r',
  '\n',
  '\t',
  ' ',
  '\x0b',
  '\x0c',
  '\x7f',
  '\x80',
  '\xa0',
  ';',
  ',',
  ':',
  '"',
]

/** Puts `insert` at a random place, in the head more often than not. */
function insertAt(seeded: Seeded, text: string, insert: string): string {
  const headEnd = text.indexOf('\r\n\r\n')
  const end = headEnd > 0 && seeded.chance(0.8) ? headEnd : text.length
  const at = seeded.below(end + 1)
  return text.slice(0, at) + insert + text.slice(at)
}

/** Replaces one of the places where `what` stands. */
function replaceOne(seeded: Seeded, text: string, what: string | RegExp, by: string): string {
  const places = [...text.matchAll(new RegExp(what, 'g'))]
  if (places.length === 0) return text
  const place = seeded.pick(places)
  return text.slice(0, place.index) + by + text.slice(place.index + place[0].length)
}

function addLine(seeded: Seeded, text: string, line: string): string {
  const places = [...text.slice(0, text.indexOf('\r\n\r\n') + 2).matchAll(/\r\n/g)]
  if (places.length === 0) return text
  const at = seeded.pick(places).index
  return `${text.slice(0, at)}\r\n${line}${text.slice(at)}`
}

const damages: readonly Damage[] = [
  (seeded, text) => addLine(seeded, text, seeded.pick(hostileLines)),
  (seeded, text) => addLine(seeded, text, seeded.pick(hostileLines)),
  (seeded, text) => addLine(seeded, text, seeded.pick(plainLines)),
  (seeded, text) => insertAt(seeded, text, seeded.pick(odd)),
  (seeded, text) => insertAt(seeded, text, String.fromCharCode(seeded.below(256))),
  (seeded, text) =>
    replaceOne(seeded, text, '\r\n', seeded.pick(['\n', '\r', '\r\r\n', '\n\r', ''])),
  (seeded, text) =>
    replaceOne(seeded, text, ': ', seeded.pick([':', ' : ', ':\t', ':\r\n ', ':  '])),
  (seeded, text) =>
    replaceOne(
      seeded,
      text,
      'HTTP/1\\.1',
      seeded.pick(['HTTP/1.0', 'HTTP/1.2', 'HTTP/2.0', 'http/1.1', 'HTTP/1.1 ']),
    ),
  (seeded, text) =>
    replaceOne(seeded, text, '[0-9]', seeded.pick(['0', '1', '9', 'a', '-', '+', ' '])),
  (seeded, text) =>
    replaceOne(
      seeded,
      text,
      ' /',
      seeded.pick(['  /', '\t/', ' x', ' *', ' //', ' http://other.example.com/']),
    ),
  (seeded, text) => replaceOne(seeded, text, '[A-Z]', seeded.pick(['a', '_', '(', '\xdf', ' '])),
  (seeded, text) => {
    const at = seeded.below(text.length)
    return text.slice(0, at) + text.slice(at + 1 + seeded.below(3))
  },
  (seeded, text) => {
    const at = seeded.below(text.length)
    return text.slice(0, at + 20) + text.slice(at)
  },
  (_seeded, text) =>
    text.replace('Content-Length: ', 'Transfer-Encoding: chunked\r\nContent-Length: '),
  (_seeded, text) => `\r\n${text}`,
  (_seeded, text) => text.replace('Transfer-Encoding', 'transfer-encoding').replace('Host', 'HOST'),
  (_seeded, text) => text.replace(/Host: [^\r]*\r\n/, ''),
]

/** One to four requests on one connection; at most a few of them damaged. */
export function generateRequests(seeded: Seeded): Buffer {
  let text = ''
  for (let count = 1 + seeded.below(4); count > 0; count--) {
    let request = goodRequest(seeded)
    if (seeded.chance(0.3)) {
      for (let turns = 1 + seeded.below(2); turns > 0; turns--) {
        request = seeded.pick(damages)(seeded, request)
      }
    }
    text += request
  }
  return Buffer.from(text, 'latin1')
}
