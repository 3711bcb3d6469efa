// hashicorp/yamux as the live peer of a session of ours, over each transport and in both roles.
import assert from 'node:assert/strict'
import { createCipheriv } from 'node:crypto'
import { createServer } from 'node:http'
import { type Socket, connect, createServer as createTcpServer } from 'node:net'
import {
  type Masking,
  type Transport,
  createSocketTransport,
  createWebSocketTransport,
  webSocketOptions,
} from '@sallyport/mux'
import { WebSocket, WebSocketServer } from 'ws'
import { until } from './deadline.ts'
import { type Program, runCommand } from './run-program.ts'
import { SessionSide } from './session-pair.ts'
import { listening, portOf } from './sockets.ts'
import { yamuxPeerBinary } from './yamux-peer-binary.ts'

/** How the two are joined. Who dials is the yamux client, and our agent or our relay is the other. */
export interface YamuxLink {
  readonly name: string
  readonly dials: 'ours' | 'yamux'
  readonly transport: 'tcp' | 'websocket'
  /** Of our WebSocket, when it dials. */
  readonly masking: Masking
}

export const yamuxLinks: readonly YamuxLink[] = [
  { name: 'TCP, ours dials', dials: 'ours', transport: 'tcp', masking: 'none' },
  { name: 'TCP, yamux dials', dials: 'yamux', transport: 'tcp', masking: 'none' },
  { name: 'WebSocket, ours dials', dials: 'ours', transport: 'websocket', masking: 'zero' },
  {
    name: 'WebSocket masked, ours dials',
    dials: 'ours',
    transport: 'websocket',
    masking: 'random',
  },
  { name: 'WebSocket, yamux dials', dials: 'yamux', transport: 'websocket', masking: 'none' },
]

/** What yamux-peer can be told to do (test/interop/go/open.go). */
export interface PeerCommand {
  readonly do: string
  readonly bytes?: number
  readonly count?: number
  readonly key?: number
}

type PeerEvent = Readonly<Record<string, unknown>>

export class YamuxPeer implements AsyncDisposable {
  readonly side: SessionSide
  readonly #program: Program
  #commands = 0

  constructor(program: Program, side: SessionSide) {
    this.#program = program
    this.side = side
  }

  /** The result of a command; fails on the error that yamux gave unless one is expected. */
  async run(command: PeerCommand, error = ''): Promise<PeerEvent> {
    const result = await this.start(command)
    assert.equal(result['error'], error)
    return result
  }

  /** Gives a command; the promise is its result. */
  start(command: PeerCommand): Promise<PeerEvent> {
    const id = ++this.#commands
    this.#program.stdin.write(`${JSON.stringify({ id, ...command })}\n`)
    return this.told((event) => event['event'] === 'result' && event['id'] === id, command.do)
  }

  /** The first thing it said that is `wanted`. */
  told(wanted: (event: PeerEvent) => boolean, what: string): Promise<PeerEvent> {
    const pick = (line: string) => {
      const event = JSON.parse(line) as PeerEvent
      return wanted(event) ? event : undefined
    }
    return this.#program.stdout.find(what, pick, 20_000)
  }

  /** What became of a stream that it served. */
  served(streamId: number): Promise<PeerEvent> {
    const isServed = (event: PeerEvent) =>
      event['event'] === 'served' && event['stream'] === streamId
    return this.told(isServed, `end of stream ${streamId}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.side[Symbol.asyncDispose]()
    await this.#program[Symbol.asyncDispose]()
  }
}

/** Starts yamux and joins it with a session. `flags` are those of test/interop/go/main.go. */
export async function startYamuxPeer(
  link: YamuxLink,
  flags: readonly string[] = [],
): Promise<YamuxPeer> {
  const args = [`-transport=${link.transport}`, ...flags]
  const binary = yamuxPeerBinary()
  let program: Program
  let transport: Transport
  if (link.dials === 'ours') {
    program = runCommand(binary, args)
    const { port } = await program.event('listening')
    transport = link.transport === 'tcp' ? await dialTcp(port) : await dialWebSocket(port, link)
  } else {
    const door = link.transport === 'tcp' ? await openTcpDoor() : await openWebSocketDoor()
    program = runCommand(binary, [...args, `-dial=127.0.0.1:${door.port}`])
    transport = await door.transport
  }
  const side = new SessionSide({ transport, side: link.dials === 'ours' ? 'agent' : 'relay' })
  await program.event('ready')
  return new YamuxPeer(program, side)
}

async function dialTcp(port: unknown): Promise<Transport> {
  const socket = connect({ port: Number(port), host: '127.0.0.1', noDelay: true })
  await until(socket, 'connect')
  return createSocketTransport(socket)
}

async function dialWebSocket(port: unknown, { masking }: YamuxLink): Promise<Transport> {
  const ws = new WebSocket(`ws://127.0.0.1:${Number(port)}/`, webSocketOptions)
  const upgraded = until(ws, 'upgrade')
  await until(ws, 'open')
  const [{ socket }] = (await upgraded) as [{ socket: Socket }]
  return createWebSocketTransport(ws, socket, { masking })
}

async function openTcpDoor() {
  const server = await listening(createTcpServer({ noDelay: true }))
  const accepting = until(server, 'connection')
  const transport = accepting.then(([socket]) => {
    server.close()
    return createSocketTransport(socket as Socket)
  })
  return { port: portOf(server), transport }
}

async function openWebSocketDoor() {
  const http = createServer()
  const server = new WebSocketServer({ server: http, ...webSocketOptions })
  await listening(http)
  const accepting = until(server, 'connection')
  const transport = accepting.then(([ws, request]) => {
    http.close()
    const { socket } = request as { socket: Socket }
    return createWebSocketTransport(ws as WebSocket, socket, { masking: 'none' })
  })
  return { port: portOf(http), transport }
}

/** The bytes of test/interop/go/keystream.go. */
export function keystream(key: number, bytes: number): Buffer {
  const secret = Buffer.alloc(16)
  secret.writeUInt32BE(key)
  return createCipheriv('aes-128-ctr', secret, Buffer.alloc(16)).update(Buffer.alloc(bytes))
}
