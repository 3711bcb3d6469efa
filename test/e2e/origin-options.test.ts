// What an origin may ask for: to be told the visitor's address (PROXY protocol), and TLS.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { createServer as createTlsServer } from 'node:tls'
import { generateIdentity } from '@sallyport/relay'
import { deadline } from '../support/deadline.ts'
import { startInProcessRelay } from '../support/in-process-relay.ts'
import { type JoinOptions, joinAgent, publicPort } from '../support/joined-agent.ts'
import { startNginx } from '../support/nginx.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { requires } from '../support/requires.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { readAll, visit } from '../support/visitor.ts'

/** What a visitor of a tcp route before that target gets for its words, and what its address was. */
async function ask(
  target: number | string,
  words: string,
  options: JoinOptions = {},
): Promise<{ readonly answer: string; readonly visitorPort: number; readonly publicPort: number }> {
  await using relay = await startInProcessRelay()
  await using agent = await joinAgent(relay, target, { url: 'tcp://:0', ...options })
  await using visitor = await visit(publicPort(agent))
  const visitorPort = visitor.socket.localPort ?? 0
  visitor.socket.end(words)
  const answer = (await readAll(visitor)).toString('latin1')
  return { answer, visitorPort, publicPort: publicPort(agent) }
}

/** Gives back all it got, once the visitor has ended. */
const mirror = (): Promise<Origin> =>
  startOrigin((socket) => {
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('end', () => socket.end(Buffer.concat(chunks)))
  })

test('PROXY protocol 1: the origin gets one line with both addresses, then the visitor', async () => {
  await using origin = await mirror()
  const { answer, ...ports } = await ask(origin.port, 'hello', { proxyProtocol: 1 })
  const expected = `PROXY TCP4 127.0.0.1 127.0.0.1 ${ports.visitorPort} ${ports.publicPort}\r\nhello`
  assert.equal(answer, expected)
})

test('PROXY protocol 2: the origin gets a header with both addresses, then the visitor', async () => {
  await using origin = await mirror()
  const { answer, ...ports } = await ask(origin.port, 'hello', { proxyProtocol: 2 })
  const bytes = Buffer.from(answer, 'latin1')
  assert.equal(bytes.toString('hex', 0, 14), '0d0a0d0a000d0a515549540a2111')
  assert.equal(bytes.toString('hex', 16, 24), '7f0000017f000001')
  assert.equal(bytes.readUInt16BE(24), ports.visitorPort)
  assert.equal(bytes.readUInt16BE(26), ports.publicPort)
  assert.equal(bytes.toString('latin1', 16 + bytes.readUInt16BE(14)), 'hello')
})

for (const version of [1, 2] as const) {
  test(
    `PROXY protocol ${version}: nginx takes the visitor for its own`,
    requires('nginx'),
    async () => {
      await using nginx = await startNginx(
        (port) => `server {
        listen 127.0.0.1:${port} proxy_protocol;
        location / { return 200 "$proxy_protocol_addr:$proxy_protocol_port on $proxy_protocol_server_port"; }
      }`,
      )
      const request = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
      const { answer, ...ports } = await ask(nginx.port, request, { proxyProtocol: version })
      const shown = `127.0.0.1:${ports.visitorPort} on ${ports.publicPort}`
      assert.ok(answer.endsWith(`\r\n\r\n${shown}`), answer)
    },
  )
}

interface TlsOrigin extends Origin {
  readonly certificate: string
  /** What came before the TLS handshake. */
  readonly preambles: string[]
}

/** Answers `secret WORDS` over TLS, with a certificate of its own for the host. */
async function startSecretOrigin(host: string, skipsPreamble = false): Promise<TlsOrigin> {
  const { key, certificate } = generateIdentity(host, new Date())
  const preambles: string[] = []
  const tls = createTlsServer({ key, cert: certificate, allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {})
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('end', () => socket.end(`secret ${Buffer.concat(chunks).toString()}`))
  })
  tls.on('tlsClientError', () => {})
  const origin = await startOrigin((socket) => {
    if (!skipsPreamble) return void tls.emit('connection', socket)
    socket.once('data', (chunk: Buffer) => {
      const end = chunk.indexOf('\r\n') + 2
      preambles.push(chunk.toString('latin1', 0, end))
      socket.pause()
      if (end < chunk.length) socket.unshift(chunk.subarray(end))
      tls.emit('connection', socket)
    })
  })
  return { ...origin, certificate, preambles }
}

test('https target: is reached over TLS when its authority is given, or any certificate will do', async () => {
  await using origin = await startSecretOrigin('localhost')
  await using directory = await temporaryDirectory()
  const originCa = directory.join('ca.pem')
  await writeFile(originCa, origin.certificate)
  const target = `https://localhost:${origin.port}`
  for (const options of [{ originCa }, { originInsecure: true }]) {
    const { answer } = await ask(target, 'words', options)
    assert.equal(answer, 'secret words')
  }
})

test('https target: with a certificate that nobody vouches for, or of another name, it is refused', async () => {
  await using origin = await startSecretOrigin('other.test')
  await using directory = await temporaryDirectory()
  const originCa = directory.join('ca.pem')
  await writeFile(originCa, origin.certificate)
  for (const [options, why] of [
    [{}, /self-signed certificate/],
    [{ originCa }, /does not match certificate's altnames/],
  ] as const) {
    await using relay = await startInProcessRelay()
    const target = `https://localhost:${origin.port}`
    await using agent = await joinAgent(relay, target, { url: 'tcp://:0', ...options })
    const told = new Promise<string>((resolve) => {
      agent.on('visit', ({ message }) => resolve(message ?? ''))
    })
    await using visitor = await visit(publicPort(agent))
    visitor.socket.resume()
    visitor.socket.write('secret words')
    assert.equal(await deadline(visitor.ended, 5_000, 'end of the visit'), 'reset')
    assert.match(await deadline(told, 5_000, 'report'), why)
  }
})

test('https target: the PROXY header comes before TLS', async () => {
  await using origin = await startSecretOrigin('localhost', true)
  const target = `https://localhost:${origin.port}`
  const { answer, visitorPort } = await ask(target, 'words', {
    originInsecure: true,
    proxyProtocol: 1,
  })
  assert.equal(answer, 'secret words')
  assert.match(origin.preambles.join(), new RegExp(`^PROXY TCP4 .* ${visitorPort} \\d+\\r\\n$`))
})

test('health check: an origin that speaks TLS after a PROXY header is found alive', async () => {
  const { key, certificate } = generateIdentity('localhost', new Date())
  const asked: string[] = []
  const tls = createTlsServer({ key, cert: certificate }, (socket) => {
    socket.on('error', () => {})
    socket.once('data', (chunk: Buffer) => {
      asked.push(chunk.toString().split('\r\n', 1)[0] ?? '')
      socket.end('HTTP/1.1 204 No Content\r\n\r\n')
      tell()
    })
  })
  const { promise, resolve: tell } = Promise.withResolvers<void>()
  await using origin = await startOrigin((socket) => {
    socket.once('data', (chunk: Buffer) => {
      const end = chunk.indexOf('\r\n') + 2
      asked.push(chunk.toString('latin1', 0, end - 2))
      socket.pause()
      if (end < chunk.length) socket.unshift(chunk.subarray(end))
      tls.emit('connection', socket)
    })
  })
  await using relay = await startInProcessRelay()
  await using _agent = await joinAgent(relay, `https://localhost:${origin.port}`, {
    url: 'tcp://:0',
    pool: 'blue',
    healthCheck: '/up',
    proxyProtocol: 1,
    originInsecure: true,
  })
  await deadline(promise, 5_000, 'check')
  assert.deepEqual(asked, ['PROXY UNKNOWN', 'GET /up HTTP/1.1'])
})
