// A reverse proxy as a process of its own, for measurements: `edge` is the agent's HTTP edge between two
// loopback sockets (`edge-tapped`: somebody looks on), `node-http` a bare one of node:http,
// `node-http-duplex` the same on a Duplex, as on a stream of the mux. Prints its port; ends with its stdin.
//   node http-proxy-program.ts MODE ORIGIN-PORT
import { Agent, type IncomingMessage, createServer as createHttpServer, request } from 'node:http'
import { type Server, type Socket, createServer } from 'node:net'
import { Duplex } from 'node:stream'
import { dialSocket, systemClock } from '@sallyport/mux'
import { SallyportError } from '@sallyport/protocol'
import {
  type ExchangeTap,
  type HttpTarget,
  PathTargets,
  startHttpEdge,
} from '../../packages/agent/src/http/index.ts'
import { socketAsVisitor } from './socket-visitor.ts'

const [, , mode = 'edge', originPort = '0'] = process.argv
const origin = { host: '127.0.0.1', port: Number(originPort) }

const target: HttpTarget = {
  label: `localhost:${origin.port}`,
  dial(events) {
    const end = dialSocket(origin)
    const onError = (cause: Error): void => {
      events.failed(new SallyportError('SP_ORIGIN_REFUSED', 'refused', { cause }))
    }
    end.socket.once('error', onError)
    end.socket.once('connect', () => {
      end.socket.off('error', onError)
      events.connected(end)
    })
    return { cancel: () => end.socket.destroy() }
  },
}

/** Reads every head and counts every byte, as an inspector does. */
const tap: ExchangeTap = {
  begin(request) {
    let bytes = request.fields().length
    return {
      onRequestBody: (_bytes, start, end) => void (bytes += end - start),
      onResponseHead: (response) => void (bytes += response.fields().length),
      onResponseBody: (_bytes, start, end) => void (bytes += end - start),
    }
  },
}

function edge(options: { tap?: ExchangeTap } = {}): Server {
  const targets = new PathTargets([{ prefix: '/', target }])
  return createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true }, (socket) => {
    startHttpEdge({
      stream: socketAsVisitor(socket),
      asDuplex: () => socket,
      visit: {
        visitor: { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 },
        listener: { address: socket.localAddress ?? '', port: socket.localPort ?? 0 },
      },
      targets,
      policy: {},
      clock: systemClock,
      dialTimeoutMs: 5_000,
      halfClosedIdleMs: 3_600_000,
      ...options,
    })
  })
}

const agent = new Agent({ keepAlive: true, maxSockets: 256 })

/** As short as a reverse proxy gets: forwarding fields, both bodies piped, nothing checked. */
function nodeHttp(): Server {
  return createHttpServer((visitor, answer) => {
    const outgoing = request(
      {
        ...origin,
        agent,
        method: visitor.method ?? 'GET',
        path: visitor.url ?? '/',
        headers: { ...visitor.headers, 'x-forwarded-for': visitor.socket.remoteAddress ?? '' },
      },
      (incoming: IncomingMessage) => {
        answer.writeHead(incoming.statusCode ?? 502, incoming.rawHeaders)
        incoming.pipe(answer)
      },
    )
    outgoing.on('error', () => answer.destroy())
    visitor.pipe(outgoing)
  })
}

/** The same, behind a Duplex: what it would be on a stream of the mux. */
function nodeHttpDuplex(): Server {
  const http = nodeHttp()
  return createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    http.emit('connection', duplexOver(socket))
  })
}

function duplexOver(socket: Socket): Duplex {
  const duplex = new Duplex({
    read: () => socket.resume(),
    write: (chunk: Buffer, _encoding, done) => {
      if (socket.write(chunk)) done()
      else socket.once('drain', () => done())
    },
    final: (done) => {
      socket.end()
      done()
    },
  })
  socket.on('data', (chunk: Buffer) => {
    if (!duplex.push(chunk)) socket.pause()
  })
  socket.on('end', () => duplex.push(null))
  socket.on('error', () => duplex.destroy())
  return duplex
}

const servers = {
  edge,
  'edge-tapped': () => edge({ tap }),
  'node-http': nodeHttp,
  'node-http-duplex': nodeHttpDuplex,
}
const server = servers[mode as keyof typeof servers]()
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address !== null && typeof address === 'object') console.log(address.port)
})
process.stdin.resume()
process.stdin.once('end', () => process.exit(0))
