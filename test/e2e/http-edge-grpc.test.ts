// gRPC through the HTTP edge: HTTP/2 to the origin, messages as they come, trailers and resets.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import {
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
  constants,
  createServer as createHttp2Server,
} from 'node:http2'
import type { Server } from 'node:net'
import test from 'node:test'
import { deadline } from '../support/deadline.ts'
import { answered, ask, closed, startWorld } from '../support/http2-world.ts'

/** Speaks as gRPC does: messages both ways, the status in trailers. */
function grpcServer(): Server {
  const server = createHttp2Server()
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.on('error', () => {})
    if (headers[':path'] === '/echo/Refused') {
      stream.respond({ ':status': 200, 'grpc-status': '7' }, { endStream: true })
      return
    }
    if (headers[':path'] === '/echo/Cancelled') {
      stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM)
      return
    }
    stream.respond(
      {
        ':status': 200,
        'content-type': 'application/grpc',
        'x-te': String(headers['te']),
        'x-for': String(headers['x-forwarded-for']),
      },
      { waitForTrailers: true },
    )
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    stream.on('data', (chunk: Buffer) => stream.write(chunk))
    stream.on('end', () => stream.end())
  })
  return server
}

const grpc = { ':method': 'POST', 'content-type': 'application/grpc+proto', te: 'trailers' }

test('http/2: gRPC goes to the origin over HTTP/2, message by message, with its trailers', async () => {
  await using world = await startWorld(grpcServer(), { http2: 'grpc' })
  const stream = ask(world, { ...grpc, ':path': '/echo/Stream' }, false)
  const [headers] = (await deadline(once(stream, 'response'), 5_000, 'response')) as [
    IncomingHttpHeaders,
  ]
  assert.equal(headers['x-te'], 'trailers')
  assert.equal(headers['x-for'], '203.0.113.7')
  for (let turn = 0; turn < 20; turn++) {
    stream.write(`message ${turn}`)
    const [chunk] = (await deadline(once(stream, 'data'), 5_000, 'message')) as [Buffer]
    assert.equal(chunk.toString(), `message ${turn}`)
  }
  const trailers = once(stream, 'trailers')
  stream.end()
  const [last] = (await deadline(trailers, 5_000, 'trailers')) as [IncomingHttpHeaders]
  assert.equal(last['grpc-status'], '0')
})

test('http/2: gRPC statuses without a body, and resets, arrive as they are', async () => {
  await using world = await startWorld(grpcServer(), { http2: 'grpc' })
  const refused = await answered(ask(world, { ...grpc, ':path': '/echo/Refused' }))
  assert.equal(refused.headers['grpc-status'], '7')
  const cancelled = ask(world, { ...grpc, ':path': '/echo/Cancelled' }, false)
  await closed(cancelled)
  assert.equal(cancelled.rstCode, constants.NGHTTP2_ENHANCE_YOUR_CALM)
})
