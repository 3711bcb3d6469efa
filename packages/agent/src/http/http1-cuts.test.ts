// However the bytes of visitor and origin are cut, the other side gets the same ones.
import assert from 'node:assert/strict'
import test from 'node:test'
import { EdgeTest, get, response } from './edge.test.support.ts'

const host = 'Host: app.example.com\r\n'
const key =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'

interface Conversation {
  readonly what: string
  /** All at once, as far as the visitor is concerned. */
  readonly visitor: string
  /** One for each request that reaches the origin. */
  readonly origin: readonly string[]
}

const conversations: readonly Conversation[] = [
  {
    what: 'pipelined requests in every framing',
    visitor:
      `\r\n${get('/1', 'X-Forwarded-For: 6.6.6.6', 'Connection: x-gone', 'X-Gone: 1')}` +
      `POST /2 HTTP/1.1\r\n${host}Content-Length: 5\r\n\r\nhello` +
      `POST /3 HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n5;x\r\nhello\r\n0\r\nA: b\r\n\r\n` +
      `HEAD /4 HTTP/1.1\r\n${host}\r\n` +
      `GET /5 HTTP/1.1\r\n${host}Connection: close\r\n\r\n`,
    origin: [
      response('one', 'Connection: keep-alive', 'Keep-Alive: timeout=5'),
      'HTTP/1.1 103 Early\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\none\r\n3\r\ntwo\r\n0\r\nB: c\r\n\r\n',
      'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n',
      response('last'),
    ],
  },
  {
    what: 'a bad request behind a good one',
    visitor: `${get('/1')}GET /2 HTTP/1.1\r\n${host}Transfer-Encoding: x\r\n\r\n${get('/3')}`,
    origin: [response('one')],
  },
  {
    what: 'a bad chunk',
    visitor: `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nx`,
    origin: [],
  },
  {
    what: 'a WebSocket, and bytes sent before it was one',
    visitor: `GET /ws HTTP/1.1\r\n${host}${key}\r\nearly bytes`,
    origin: [
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\nframes',
    ],
  },
]

/** Runs a conversation; both sides send in the given cuts. */
function converse(
  { visitor, origin: answers }: Conversation,
  cut: (bytes: Buffer) => readonly Buffer[],
): unknown {
  let whole = 0
  const edge = new EdgeTest({
    tap: { begin: () => ({ onRequestEnd: () => void whole++ }) },
  })
  let answered = 0
  const answer = (): void => {
    for (;;) {
      if (edge.dials.length > 0) edge.connect()
      const text = answers[answered]
      if (whole <= answered || text === undefined) return
      answered++
      for (const piece of cut(Buffer.from(text, 'latin1'))) edge.origins[0]?.send(piece)
    }
  }
  for (const piece of cut(Buffer.from(visitor, 'latin1'))) {
    edge.visitor.send(piece)
    answer()
  }
  return {
    origin: edge.origins[0]?.received,
    visitor: edge.visitor.received,
    hasEnded: edge.visitor.hasEnded,
    credited: edge.visitor.credited,
    isAborted: edge.origins[0]?.isAborted,
  }
}

for (const conversation of conversations) {
  test(`http/1 cuts: ${conversation.what}`, () => {
    const whole = converse(conversation, (bytes) => [bytes])
    const byteByByte = converse(conversation, (bytes) =>
      Array.from(bytes, (octet) => Buffer.of(octet)),
    )
    assert.deepEqual(byteByByte, whole)
    for (let at = 1; at < conversation.visitor.length; at++) {
      const split = converse(conversation, (bytes) => [bytes.subarray(0, at), bytes.subarray(at)])
      assert.deepEqual(split, whole, `at ${at}`)
    }
  })
}
