// WebSockets through the HTTP edge, with ws at both ends.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import test from 'node:test'
import { WebSocket, WebSocketServer } from 'ws'
import { deadline } from '../support/deadline.ts'
import { startEdgeTunnel } from '../support/edge-tunnel.ts'

async function startEcho(): Promise<WebSocketServer & { readonly port: number }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', maxPayload: 4 * 1024 * 1024 })
  server.on('connection', (socket, request) => {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
    if (request.url === '/close') socket.close(4321, 'as asked')
  })
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return Object.assign(server, { port: address.port })
}

async function open(port: number, path = '/'): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, {
    headers: { host: 'app.example.com' },
  })
  await deadline(once(socket, 'open'), 5_000, 'WebSocket')
  return socket
}

test('http edge: 1,000 WebSocket messages of 0 to 1 MiB come back as they were', async () => {
  const server = await startEcho()
  await using tunnel = await startEdgeTunnel(server.port)
  const socket = await open(tunnel.port)
  const sizes = Array.from({ length: 1_000 }, (_, index) =>
    index % 100 === 99 ? 1024 * 1024 : (index * index * 7) % 3_000,
  )
  let arrived = 0
  const all = new Promise<void>((resolve, reject) => {
    socket.on('message', (data: Buffer, isBinary) => {
      const size = sizes[arrived] ?? -1
      const isRight = data.equals(Buffer.alloc(size, arrived)) && isBinary
      if (!isRight) reject(new Error(`message ${arrived} of ${size} bytes is another`))
      arrived++
      if (arrived === sizes.length) resolve()
    })
  })
  for (const [index, size] of sizes.entries()) socket.send(Buffer.alloc(size, index))
  await deadline(all, 20_000, 'all messages')
  const closed = once(socket, 'close')
  socket.close(1000)
  assert.equal((await closed)[0], 1000)
  server.close()
  await tunnel.closed()
})

test('http edge: a WebSocket’s close code arrives, and nothing is left', async () => {
  const server = await startEcho()
  await using tunnel = await startEdgeTunnel(server.port)
  const socket = await open(tunnel.port, '/close')
  const [code, reason] = (await deadline(once(socket, 'close'), 5_000, 'close')) as [number, Buffer]
  assert.equal(code, 4321)
  assert.equal(reason.toString(), 'as asked')
  server.close()
  await tunnel.closed()
})

test('http edge: an origin that refuses a WebSocket is heard', async () => {
  const server = new WebSocketServer({ noServer: true })
  const { createServer } = await import('node:http')
  await using http = createServer((_request, response) => response.writeHead(403).end('no'))
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const address = http.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  await using tunnel = await startEdgeTunnel(address.port)
  const socket = new WebSocket(`ws://127.0.0.1:${tunnel.port}/`, {
    headers: { host: 'app.example.com' },
  })
  const [error] = (await deadline(once(socket, 'error'), 5_000, 'refusal')) as [Error]
  assert.match(error.message, /403/)
  server.close()
})
