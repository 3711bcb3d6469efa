// Responses as origins send them, and as broken or hostile ones do: built from a grammar, then damaged.
import type { Seeded } from './seeded.ts'

const statuses = [
  '200 OK',
  '404 Not Found',
  '204 No Content',
  '304 Not Modified',
  '500 \xfc',
  '200',
]
const bodies = [
  '',
  'hello',
  'x'.repeat(3_000),
  'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison',
]
const plainLines = [
  'Content-Type: text/plain',
  'X-Spaced: \t value ',
  'X-Empty:',
  'Set-Cookie: a=b',
  'Connection: keep-alive',
  'Keep-Alive: timeout=5',
  'Connection: close',
  'Trailer: X-Sum',
]
const hostileLines = [
  'Content-Length: 3',
  'Content-Length: +3',
  'Content-Length: 3, 3',
  'Content-Length : 3',
  'Content_Length: 3',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding: identity',
  'Transfer-Encoding:\x0bchunked',
  ' folded',
  'X: y\nContent-Length: 3',
  'X: y\rz',
  'no colon',
  'Connection: Content-Length',
  'Upgrade: websocket',
]
const interims = ['HTTP/1.1 100 Continue\r\n\r\n', 'HTTP/1.1 103 Early\r\nLink: </a>\r\n\r\n']

function goodResponse(seeded: Seeded): string {
  const lines = [`HTTP/1.1 ${seeded.pick(statuses)}`]
  if (seeded.chance(0.05)) lines[0] = 'HTTP/1.0 200 OK'
  for (let count = seeded.below(4); count > 0; count--) lines.push(seeded.pick(plainLines))
  const body = seeded.pick(bodies)
  const interim = seeded.chance(0.1) ? seeded.pick(interims) : ''
  const kind = seeded.below(10)
  if (kind === 0) return `${interim}${lines.join('\r\n')}\r\n\r\n${body}`
  if (kind < 6) {
    return `${interim}${lines.join('\r\n')}\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  }
  const chunks = [...body.matchAll(/.{1,700}/gs)].map(([piece]) => {
    const extension = seeded.chance(0.1) ? ';x=y' : ''
    return `${piece.length.toString(16)}${extension}\r\n${piece}\r\n`
  })
  const trailer = seeded.chance(0.2) ? seeded.pick(['X-Sum: 1\r\n', 'Content-Length: 9\r\n']) : ''
  const head = `${interim}${lines.join('\r\n')}\r\nTransfer-Encoding: chunked\r\n\r\n`
  return `${head}${chunks.join('')}0\r\n${trailer}\r\n`
}

function damage(seeded: Seeded, text: string): string {
  const at = seeded.below(text.length)
  switch (seeded.below(7)) {
    case 0:
      return text.replace('\r\n', `\r\n${seeded.pick(hostileLines)}\r\n`)
    case 1:
      return text.slice(0, at) + seeded.pick(['\0', '\r', '\n', ' ', ':', '\x80']) + text.slice(at)
    case 2:
      return text.slice(0, at) + text.slice(at + 1 + seeded.below(3))
    case 3:
      return text.slice(0, at)
    case 4:
      return `${text}${goodResponse(seeded)}`
    case 5:
      return text.replace(/\r\n/, seeded.pick(['\n', '\r', '\r\r\n']))
    default:
      return text.replace('HTTP/1.1', seeded.pick(['HTTP/1.0', 'HTTP/2', 'http/1.1', 'ICY']))
  }
}

/** What an origin sends in answer to one request. */
export function generateResponse(seeded: Seeded): Buffer {
  let text = goodResponse(seeded)
  if (seeded.chance(0.3)) text = damage(seeded, text)
  return Buffer.from(text, 'latin1')
}
