// What the relay itself says in HTTP: redirects on the plain port, 404 for who names no host.
import assert from 'node:assert/strict'
import { type IncomingMessage, request } from 'node:http'
import { request as requestTls } from 'node:https'
import { connect } from 'node:net'
import { test } from 'node:test'
import { connectBareAgent } from '../support/bare-agent.ts'
import { deadline } from '../support/deadline.ts'
import { startInProcessRelay } from '../support/in-process-relay.ts'
import { endOf } from '../support/socket-end-kind.ts'

const http = { host: '127.0.0.1', port: 0 }

async function startHouse() {
  const relay = await startInProcessRelay({ http, host: 'relay.test' })
  const agent = await connectBareAgent(relay)
  await agent.register(['https://app.test', 'tls://raw.test'])
  return { relay, agent, port: relay.relay.httpPort ?? assert.fail('no plain port') }
}

function get(port: number, host: string, path: string, method = 'GET'): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  request({ port, host: '127.0.0.1', path, method, headers: { host } }, resolve)
    .on('error', reject)
    .end()
  return deadline(promise, 5_000, 'answer')
}

test('plain http: known hosts are sent to https with path and query, others get 404', async () => {
  const { relay, agent, port } = await startHouse()
  await using _ = relay
  await using __ = agent
  const https = `https://app.test:${relay.port}`
  for (const [host, path, location] of [
    ['app.test', '/', `${https}/`],
    ['app.test:80', '/a/b?c=d&e=%0d%0a', `${https}/a/b?c=d&e=%0d%0a`],
    ['APP.test', '//evil.test/', `${https}//evil.test/`],
    ['raw.test', '/', undefined],
    ['other.test', '/', undefined],
    ['127.0.0.1', '/', undefined],
    ['app.test/x', '/', undefined],
    ['', '/', undefined],
    ['app.test', 'http://app.test/', undefined],
  ] as const) {
    const answer = await get(port, host, path)
    answer.resume()
    const expected = location === undefined ? 404 : 301
    assert.deepEqual(
      [answer.statusCode, answer.headers.location],
      [expected, location],
      host + path,
    )
  }
  assert.equal((await get(port, 'app.test', '/x', 'POST')).statusCode, 301)
})

test('plain http: what is no request is cut off, and so is who says nothing', async () => {
  await using relay = await startInProcessRelay({ http, admissionTimeoutMs: 200 })
  for (const words of ['nonsense\r\n\r\n', '']) {
    const socket = connect(relay.relay.httpPort ?? 0, '127.0.0.1')
    socket.on('error', () => {})
    socket.resume()
    socket.write(words)
    await deadline(endOf(socket), 5_000, 'end of the socket')
  }
})

test('https without a host name: 404, unless an agent holds the bare address', async () => {
  await using relay = await startInProcessRelay({ host: '127.0.0.1' })
  const ask = async (): Promise<number | undefined> => {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const options = { port: relay.port, host: '127.0.0.1', rejectUnauthorized: false, agent: false }
    requestTls(options, resolve).on('error', reject).end()
    const answer = await deadline(promise, 5_000, 'answer')
    answer.resume()
    return answer.statusCode
  }
  assert.equal(await ask(), 404)
  await using agent = await connectBareAgent({
    ...relay,
    onStream: (stream) => {
      stream.accept()
      stream.write(Buffer.from('HTTP/1.1 218 OK\r\ncontent-length: 0\r\n\r\n'))
      stream.end()
    },
  })
  await agent.register(['https://127.0.0.1'])
  assert.equal(await ask(), 218)
})
