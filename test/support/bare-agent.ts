// An agent that does only what a test tells it, on the real wire: TLS, proof, WebSocket, mux, control
// messages. For tests of the relay that need an agent in a certain state, or a wrong one.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type TLSSocket, connect } from 'node:tls'
import {
  type MuxStream,
  Session,
  createWebSocketTransport,
  streamAsDuplex,
  systemClock,
  webSocketOptions,
} from '@sallyport/mux'
import {
  type AgentKey,
  type AgentMessage,
  ControlMessageReader,
  type RegisteredMessage,
  type RelayMessage,
  type SallyportError,
  agentAlpn,
  agentProof,
  decodeProxyHeader,
  encodeControlMessage,
  exporterBytes,
  exporterLabel,
  formatAuthorization,
  parseRelayMessage,
  type ProxyHeader,
  webSocketSubprotocol,
} from '@sallyport/protocol'
import { WebSocket } from 'ws'
import { deadline } from './deadline.ts'

/** TLS to the agent door, half way in. */
export async function dialAgentDoor(port: number, host = '127.0.0.1'): Promise<TLSSocket> {
  const socket = connect({
    host,
    port,
    ALPNProtocols: [agentAlpn],
    rejectUnauthorized: false,
    minVersion: 'TLSv1.3',
  })
  await deadline(once(socket, 'secureConnect'), 5_000, 'TLS handshake with the agent door')
  socket.on('error', () => {})
  return socket
}

/** The proof of `key` for this connection, and for no other. */
export function authorizationFor(socket: TLSSocket, key: AgentKey): string {
  const exporter = socket.exportKeyingMaterial(exporterBytes, exporterLabel, Buffer.alloc(0))
  return formatAuthorization(key.keyId, key.sign(agentProof(exporter)))
}

/** The upgrade; rejects with `Unexpected server response: 401` when the relay refuses. */
export async function upgrade(socket: TLSSocket, authorization: string): Promise<WebSocket> {
  const ws = new WebSocket('ws://relay', webSocketSubprotocol, {
    ...webSocketOptions,
    createConnection: () => socket,
    headers: { authorization },
  })
  await deadline(once(ws, 'open'), 5_000, 'upgrade')
  return ws
}

export interface BareAgentOptions {
  readonly port: number
  /** Default 127.0.0.1. */
  readonly host?: string
  readonly key: AgentKey
  readonly process?: string
  readonly connection?: number
  readonly held?: Readonly<Record<string, number>>
  /** What it does with a visitor's stream; default: nothing, so that the visitor waits. */
  readonly onStream?: (stream: MuxStream) => void
}

export class BareAgent implements AsyncDisposable {
  readonly socket: TLSSocket
  readonly session: Session
  /** Every control message so far. */
  readonly messages: RelayMessage[] = []
  /** How the session ended; `closeCode` is the relay's. */
  readonly closed: Promise<{ readonly error: SallyportError; readonly closeCode?: number }>
  readonly #control: MuxStream
  #onMessage: (() => void) | undefined

  constructor(socket: TLSSocket, ws: WebSocket, onStream: (stream: MuxStream) => void) {
    this.socket = socket
    const { promise, resolve } = Promise.withResolvers<Awaited<BareAgent['closed']>>()
    this.closed = promise
    this.session = new Session({
      transport: createWebSocketTransport(ws, socket, { masking: 'zero' }),
      side: 'agent',
      clock: systemClock,
      onStream,
      onClose: (error, closeCode) =>
        resolve({ error, ...(closeCode === undefined ? {} : { closeCode }) }),
    })
    const reader = new ControlMessageReader(parseRelayMessage)
    this.#control = this.session.open(Buffer.alloc(0), {
      onData: (chunk) => {
        this.messages.push(...reader.push(chunk))
        this.#control.consumed(chunk.length)
        this.#onMessage?.()
      },
      onReset: () => {},
    })
  }

  send(message: AgentMessage): void {
    this.#control.write(encodeControlMessage(message))
  }

  /** Bytes on the control stream that need not be a message. */
  sendBytes(bytes: Uint8Array): void {
    this.#control.write(bytes)
  }

  /** The first message of a type, from the start on. */
  async message<T extends RelayMessage['type']>(
    type: T,
  ): Promise<Extract<RelayMessage, { type: T }>> {
    const find = () =>
      this.messages.find(
        (message): message is Extract<RelayMessage, { type: T }> => message.type === type,
      )
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#onMessage = () => {
      if (find()) resolve()
    }
    this.#onMessage()
    await deadline(promise, 5_000, `${type} message`)
    return find() ?? Promise.reject(new Error('unreachable'))
  }

  /** Registers and waits for the answer. */
  async register(
    urls: readonly string[],
    channelTimeoutSeconds = 100,
  ): Promise<RegisteredMessage['routes']> {
    const routes = urls.map((url, index) => ({ id: `r${index}`, url }))
    this.send({ type: 'register', channelTimeoutSeconds, routes })
    return (await this.message('registered')).routes
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.socket.destroyed) return
    this.socket.destroy()
    await once(this.socket, 'close')
  }
}

/** Connects and says hello. */
export async function connectBareAgent(options: BareAgentOptions): Promise<BareAgent> {
  const { port, key, connection = 0, held = {}, onStream = () => {} } = options
  const socket = await dialAgentDoor(port, options.host)
  const ws = await upgrade(socket, authorizationFor(socket, key))
  const agent = new BareAgent(socket, ws, onStream)
  agent.send({
    type: 'hello',
    version: 1,
    software: 'bare agent of a test',
    process: options.process ?? newProcess(),
    connection,
    held: { ...held },
  })
  return agent
}

/** The name of another process. */
export function newProcess(): string {
  return randomBytes(16).toString('base64url')
}

/** Accepts a stream and gives its bytes back, like an agent before an echo origin. */
export function echoStream(stream: MuxStream, onHeader?: (header: ProxyHeader) => void): void {
  const duplex = streamAsDuplex(stream)
  duplex.on('error', () => {})
  let head = Buffer.alloc(0)
  duplex.on('data', function onHead(chunk: Buffer) {
    head = Buffer.concat([head, chunk])
    const decoded = decodeProxyHeader(head)
    if (!decoded) return
    duplex.off('data', onHead)
    duplex.pause()
    if (head.length > decoded.length) duplex.unshift(head.subarray(decoded.length))
    onHeader?.(decoded.header)
    stream.accept()
    duplex.pipe(duplex)
  })
}
