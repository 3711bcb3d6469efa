// The HTTP/1 edge between real sockets: Node's own server and client at its ends, a mux session between.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { type Socket, connect } from 'node:net'
import { buffer, text } from 'node:stream/consumers'
import test from 'node:test'
import { deadline } from '../support/deadline.ts'
import { startEdgeTunnel } from '../support/edge-tunnel.ts'
import { startBulkOrigin, startServer, visitBulkOrigin } from '../support/http-server.ts'

/** A visitor's raw socket, all that came so far, and its end. */
async function visitRaw(port: number) {
  const socket: Socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  const ended = new Promise<string>((resolve) => {
    socket.on('end', () => resolve('end'))
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'))
  })
  await once(socket, 'connect')
  return {
    socket,
    received: () => Buffer.concat(chunks).toString('latin1'),
    ended: () => deadline(ended, 10_000, 'end of the visitor'),
    [Symbol.dispose]: () => void socket.destroy(),
  }
}

const forwarding = {
  'x-forwarded-for': '203.0.113.7',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'app.example.com',
  'x-forwarded-port': '443',
  'x-real-ip': '203.0.113.7',
  forwarded: 'for=203.0.113.7;host=app.example.com;proto=https',
}

test('http edge: 1,000 requests of one connection, in every framing, each have the forwarding fields once', async () => {
  const seen: IncomingMessage[] = []
  await using origin = await startServer((incoming, response) => {
    seen.push(incoming)
    void buffer(incoming).then((body) => {
      const kind = Number(incoming.headers['x-kind'])
      response.setHeader('X-Body', createHash('sha256').update(body).digest('hex'))
      if (kind % 5 === 0) response.writeHead(204).end()
      else if (kind % 5 === 1) response.writeHead(304).end()
      else if (kind % 5 === 2 || incoming.method === 'HEAD') {
        // Node's client takes the answer to a HEAD without any framing for the connection's last.
        response.setHeader('content-length', 6).end('answer')
      } else {
        response.writeHead(200, { Trailer: 'X-Sum' })
        response.write('in ')
        response.addTrailers({ 'X-Sum': String(kind) })
        response.end('chunks')
      }
    })
  })
  await using tunnel = await startEdgeTunnel(origin.port)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const methods = ['GET', 'POST', 'HEAD', 'PUT', 'OPTIONS', 'DELETE']
  for (let kind = 0; kind < 1_000; kind++) {
    const method = methods[kind % methods.length] ?? 'GET'
    const isUpload = method === 'POST' || method === 'PUT'
    const body = isUpload ? 'x'.repeat((kind * 37) % 5_000) : ''
    const framing = kind % 3
    const outgoing = request({
      agent,
      method,
      port: tunnel.port,
      headers: {
        host: 'app.example.com',
        'x-kind': String(kind),
        'x-forwarded-for': '6.6.6.6',
        forwarded: 'for=6.6.6.6',
        x_real_ip: '6.6.6.6',
        ...(isUpload && framing === 0 ? { 'content-length': String(body.length) } : {}),
        ...(isUpload && framing === 2 && body !== '' ? { expect: '100-continue' } : {}),
      },
    })
    if (isUpload && framing === 1) outgoing.addTrailers({ 'X-Trailer': 'yes' })
    if (isUpload && framing === 2 && body !== '') {
      outgoing.flushHeaders()
      await once(outgoing, 'continue')
    }
    outgoing.end(body)
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
    await text(response)
    const digest = createHash('sha256').update(body).digest('hex')
    assert.equal(response.headers['x-body'], digest, `request ${kind}`)
  }
  agent.destroy()
  assert.equal(seen.length, 1_000)
  for (const { rawHeaders } of seen) {
    const pairs = rawHeaders.flatMap((name, index) =>
      index % 2 === 0 ? [[name.toLowerCase(), rawHeaders[index + 1]] as const] : [],
    )
    const about = pairs.filter(([name]) => /forwarded|real.ip/.test(name))
    assert.deepEqual(Object.fromEntries(about), forwarding)
    assert.equal(about.length, 6)
  }
  assert.equal(tunnel.edges.length, 1)
})

test('http edge: events of a stream arrive one by one, within 50 ms', async () => {
  let write: ((event: string) => void) | undefined
  await using origin = await startServer((_incoming, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    write = (event) => void response.write(event)
    response.write(':\n\n')
  })
  await using tunnel = await startEdgeTunnel(origin.port)
  const outgoing = request({ port: tunnel.port, headers: { host: 'app.example.com' } })
  outgoing.end()
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  await once(response, 'data')
  const latenesses: number[] = []
  for (let turn = 0; turn < 20; turn++) {
    const sentMs = performance.now()
    const arrived = once(response, 'data')
    write?.(`data: ${turn}\n\n`)
    const [chunk] = (await deadline(arrived, 5_000, 'an event')) as [Buffer]
    assert.equal(chunk.toString(), `data: ${turn}\n\n`)
    latenesses.push(performance.now() - sentMs)
  }
  // The machine may be busy with something else for one of them.
  const median = latenesses.sort((a, b) => a - b)[10] ?? 0
  assert.ok(median < 50, `${median} ms`)
  outgoing.destroy()
})

test('http edge: 32 MiB go up and come down whole, by length and by chunks', async () => {
  await using origin = await startBulkOrigin(32 * 1024 * 1024)
  await using tunnel = await startEdgeTunnel(origin.port)
  for (const path of ['/length', '/chunks']) {
    const verdicts = await visitBulkOrigin(tunnel.port, path, origin.bytes)
    assert.deepEqual(verdicts, { up: 'intact', down: 'intact' }, path)
  }
})

test('http edge: a visitor that half-closes gets the whole answer of Node’s own server', async () => {
  await using origin = await startServer((_incoming, response) => {
    setImmediate(() => response.end('x'.repeat(1_000_000)))
  })
  await using tunnel = await startEdgeTunnel(origin.port)
  using visitor = await visitRaw(tunnel.port)
  visitor.socket.end('GET / HTTP/1.1\r\nHost: app.example.com\r\n\r\n')
  assert.equal(await visitor.ended(), 'end')
  assert.ok(visitor.received().endsWith('x'.repeat(1_000_000)))
})

test('http edge: an origin that dies within its answer is a reset to the visitor', async () => {
  await using origin = await startServer((incoming, response) => {
    response.writeHead(200, { 'content-length': '1000000' })
    response.write('x'.repeat(1_000), () => incoming.socket.resetAndDestroy())
  })
  await using tunnel = await startEdgeTunnel(origin.port)
  using visitor = await visitRaw(tunnel.port)
  visitor.socket.write('GET / HTTP/1.1\r\nHost: app.example.com\r\n\r\n')
  assert.equal(await visitor.ended(), 'ECONNRESET')
})

test('http edge: where nothing listens, a page says so', async () => {
  const origin = await startServer(() => {})
  await origin[Symbol.asyncDispose]()
  await using tunnel = await startEdgeTunnel(origin.port)
  const headers = { host: 'app.example.com', accept: 'text/html' }
  const outgoing = request({ port: tunnel.port, headers, agent: false })
  outgoing.end()
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  assert.equal(response.statusCode, 502)
  assert.equal(response.headers['sallyport-error'], 'SP_ORIGIN_REFUSED')
  assert.match(await text(response), /origin localhost:\d+ refused the connection/)
})

test('http edge: the answer to an upload that is too large arrives, and the connection ends well', async () => {
  await using origin = await startServer((_incoming, response) => response.end())
  await using tunnel = await startEdgeTunnel(origin.port, { policy: { maxBodyBytes: 1_000 } })
  using visitor = await visitRaw(tunnel.port)
  visitor.socket.write(
    'POST / HTTP/1.1\r\nHost: app.example.com\r\nContent-Length: 10000000\r\n\r\n',
  )
  for (let sent = 0; sent < 10_000_000; sent += 100_000) {
    if (!visitor.socket.write(Buffer.alloc(100_000))) await once(visitor.socket, 'drain')
  }
  visitor.socket.end()
  assert.equal(await visitor.ended(), 'end')
  assert.match(visitor.received(), /^HTTP\/1\.1 413 /)
})

test('http edge: draining lets the answer finish and takes no further request', async () => {
  let finish: (() => void) | undefined
  await using origin = await startServer((_incoming, response) => {
    response.write('half ')
    finish = () => response.end('whole')
  })
  await using tunnel = await startEdgeTunnel(origin.port)
  using visitor = await visitRaw(tunnel.port)
  const host = 'Host: app.example.com\r\n\r\n'
  visitor.socket.write(`GET / HTTP/1.1\r\n${host}`)
  await once(visitor.socket, 'data')
  tunnel.edges[0]?.drain()
  visitor.socket.write(`GET /2 HTTP/1.1\r\n${host}`)
  finish?.()
  assert.equal(await visitor.ended(), 'end')
  visitor.socket.end()
  assert.match(visitor.received(), /half .*whole/s)
  assert.equal(visitor.received().match(/HTTP\/1\.1 200/g)?.length, 1)
  await tunnel.closed()
})
