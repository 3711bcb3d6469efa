// HTTP/2 visitors through the edge: Node's client, curl and h2load, to HTTP/1 origins.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type IncomingHttpHeaders, type OutgoingHttpHeaders, connect, constants } from 'node:http2'
import { buffer, text } from 'node:stream/consumers'
import test from 'node:test'
import { deadline } from '../support/deadline.ts'
import { startEdgeTunnel } from '../support/edge-tunnel.ts'
import { answered, ask, closed, http1World } from '../support/http2-world.ts'
import { programPath, requires } from '../support/requires.ts'

test('http/2: requests and answers pass, edited', async () => {
  await using world = await http1World((request, response) => {
    response.setHeader('connection', 'close')
    response.setHeader('set-cookie', ['a=1', 'b=2'])
    response.end(JSON.stringify({ url: request.url, ...request.headers }))
  })
  const { headers, body } = await answered(
    ask(world, { ':path': '/x?y', cookie: ['a=b', 'c=d'], 'x-forwarded-for': '6.6.6.6' }),
  )
  assert.equal(headers[':status'], 200)
  assert.deepEqual(headers['set-cookie'], ['a=1', 'b=2'])
  assert.equal(headers['connection'], undefined)
  const seen = JSON.parse(body) as Record<string, string>
  assert.equal(seen['url'], '/x?y')
  assert.equal(seen['host'], 'app.example.com')
  assert.equal(seen['cookie'], 'a=b; c=d')
  assert.equal(seen['x-forwarded-for'], '203.0.113.7')
  assert.equal(seen['x-real-ip'], '203.0.113.7')
  assert.equal(seen['forwarded'], 'for=203.0.113.7;host=app.example.com;proto=https')
})

test('http/2: uploads keep their length or go in chunks, with trailers both ways', async () => {
  await using world = await http1World((request, response) => {
    void buffer(request).then((body) => {
      response.writeHead(200, { trailer: 'x-sum' })
      response.addTrailers({ 'x-sum': '7' })
      response.end(
        JSON.stringify({
          length: request.headers['content-length'] ?? 'none',
          coding: request.headers['transfer-encoding'] ?? 'none',
          bytes: body.length,
          trailers: request.trailers,
        }),
      )
    })
  })
  const sized = ask(world, { ':method': 'POST', 'content-length': '100000' }, false)
  sized.end(Buffer.alloc(100_000))
  assert.deepEqual(JSON.parse((await answered(sized)).body), {
    length: '100000',
    coding: 'none',
    bytes: 100_000,
    trailers: {},
  })

  const stream = world.session.request(
    { ':authority': 'app.example.com', ':path': '/', ':method': 'POST' },
    { waitForTrailers: true },
  )
  stream.on('wantTrailers', () => stream.sendTrailers({ 'x-check': 'yes', host: 'evil' }))
  let trailers: IncomingHttpHeaders = {}
  stream.on('trailers', (headers: IncomingHttpHeaders) => {
    trailers = headers
  })
  stream.write(Buffer.alloc(70_000))
  stream.end(Buffer.alloc(5))
  assert.deepEqual(JSON.parse((await answered(stream)).body), {
    length: 'none',
    coding: 'chunked',
    bytes: 70_005,
    trailers: { 'x-check': 'yes' },
  })
  assert.equal(trailers['x-sum'], '7')
})

test('http/2: 100 requests at once each have an answer of their own', async () => {
  await using world = await http1World((request, response) => {
    setTimeout(() => response.end(request.url), Number(request.headers['x-wait']))
  })
  const paths = Array.from({ length: 100 }, (_, index) => `/${index}`)
  const bodies = await Promise.all(
    paths.map(async (path, index) => {
      const stream = ask(world, { ':path': path, 'x-wait': String((index * 7) % 20) })
      return (await answered(stream)).body
    }),
  )
  assert.deepEqual(bodies, paths)
})

test('http/2: answers without a body, and early hints', async () => {
  await using world = await http1World((request, response) => {
    if (request.url === '/204') response.writeHead(204).end()
    else if (request.url === '/hints') {
      response.writeEarlyHints({ link: '</a>; rel=preload' }, () => response.end('hinted'))
    } else response.setHeader('content-length', '5').end('hello')
  })
  const head = await answered(ask(world, { ':method': 'HEAD' }))
  assert.equal(head.headers['content-length'], '5')
  assert.equal(head.body, '')
  assert.equal((await answered(ask(world, { ':path': '/204' }))).headers[':status'], 204)
  const hints = ask(world, { ':path': '/hints' })
  const early = once(hints, 'headers')
  assert.equal((await answered(hints)).body, 'hinted')
  assert.equal(((await early) as [IncomingHttpHeaders])[0][':status'], 103)
})

test('http/2: a gigabyte does not pass a visitor that reads nothing', async () => {
  let written = 0
  await using world = await http1World((_request, response) => {
    const write = (): void => {
      while (written < 1e9) {
        written += 100_000
        if (!response.write(Buffer.alloc(100_000))) return void response.once('drain', write)
      }
    }
    write()
  })
  const stream = ask(world)
  await deadline(once(stream, 'response'), 5_000, 'response')
  // It stands still when a thousand turns of the event loop have brought nothing more.
  for (let before = -1, turns = 0; turns < 1_000; turns++) {
    if (written !== before) turns = 0
    before = written
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.ok(written < 32e6, `${written} bytes`)
  stream.close()
})

test('http/2: refusals come as pages, and the session goes on', async () => {
  await using world = await http1World((_request, response) => response.end('fine'), {
    policy: { maxBodyBytes: 10 },
  })
  const status = async (headers: OutgoingHttpHeaders): Promise<unknown> =>
    (await answered(ask(world, headers))).headers[':status']
  assert.equal(await status({ ':authority': 'other.example.com' }), 421)
  assert.equal(await status({ host: 'other.example.com' }), 400)
  assert.equal(await status({ expect: 'nothing' }), 501)
  const large = ask(world, { ':method': 'POST' }, false)
  large.write(Buffer.alloc(11))
  const { headers, body } = await answered(large)
  assert.equal(headers[':status'], 413)
  assert.equal((JSON.parse(body) as { error: string }).error, 'SP_HTTP_BODY_TOO_LARGE')
  assert.equal((await answered(ask(world))).body, 'fine')
})

test('http/2: an origin that refuses is a 502, one that breaks off a reset of the stream', async () => {
  await using world = await http1World((request, response) => {
    response.write('half', () => request.socket.resetAndDestroy())
  })
  const broken = ask(world)
  await deadline(once(broken, 'response'), 5_000, 'response')
  broken.resume()
  await closed(broken)
  assert.equal(broken.rstCode, constants.NGHTTP2_INTERNAL_ERROR)

  const nowhere = await http1World(() => {})
  await using tunnel = await startEdgeTunnel(1, { alpn: 'h2' })
  const session = connect(`http://127.0.0.1:${tunnel.port}`)
  const { headers } = await answered(ask({ ...nowhere, session }))
  assert.equal(headers[':status'], 502)
  session.destroy()
  await nowhere[Symbol.asyncDispose]()
})

test('http/2: a visitor that resets a stream takes the origin’s connection with it', async () => {
  let closed: Promise<unknown> | undefined
  const asked = Promise.withResolvers<void>()
  await using world = await http1World((request) => {
    closed = new Promise((resolve) => request.socket.once('close', resolve))
    request.socket.on('error', () => {})
    asked.resolve()
  })
  const stream = ask(world)
  await deadline(asked.promise, 5_000, 'request')
  stream.close(constants.NGHTTP2_CANCEL)
  await deadline(closed ?? Promise.reject(new Error('no request')), 5_000, 'end at the origin')
})

test('http/2: a drained session finishes what is under way', async () => {
  let finish: (() => void) | undefined
  await using world = await http1World((_request, response) => {
    response.write('half ')
    finish = () => response.end('whole')
  })
  const stream = ask(world)
  await deadline(once(stream, 'response'), 5_000, 'response')
  const goaway = once(world.session, 'goaway')
  world.tunnel.edges[0]?.drain()
  await deadline(goaway, 5_000, 'GOAWAY')
  finish?.()
  assert.equal(await text(stream), 'half whole')
  await world.tunnel.closed()
})

async function run(program: 'curl' | 'h2load', args: readonly string[]): Promise<string> {
  const child = spawn(programPath(program), args, { stdio: ['ignore', 'pipe', 'inherit'] })
  return await deadline(text(child.stdout), 60_000, `end of ${program}`)
}

test('http/2: curl is served', requires('curl'), async () => {
  await using world = await http1World((request, response) => {
    void buffer(request).then((body) => response.end(`${request.httpVersion} ${body.length}`))
  })
  const url = `http://app.example.com:${world.tunnel.port}/`
  const resolve = `app.example.com:${world.tunnel.port}:127.0.0.1`
  const common = ['--silent', '--http2-prior-knowledge', '--resolve', resolve, url]
  assert.equal(await run('curl', common), '1.1 0')
  assert.equal(await run('curl', [...common, '--data', 'x'.repeat(5_000)]), '1.1 5000')
})

test('http/2: h2load finds no failure', requires('h2load'), async () => {
  await using world = await http1World((_request, response) => response.end('x'.repeat(1_000)))
  const output = await run('h2load', [
    '-n500',
    '-c10',
    '-m20',
    '-H:authority: app.example.com',
    `http://127.0.0.1:${world.tunnel.port}/`,
  ])
  assert.match(output, /500 succeeded, 0 failed, 0 errored, 0 timeout/)
})
