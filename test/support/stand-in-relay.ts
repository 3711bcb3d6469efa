// A relay made of a TLS server and a mux, for tests of the agent alone: it does what the test says,
// also what no relay would do. `await using relay = await startStandInRelay()`.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type IncomingMessage, createServer as createHttpServer } from 'node:http'
import { type TLSSocket, type TlsOptions, createServer } from 'node:tls'
import {
  type MuxStream,
  Session,
  createWebSocketTransport,
  systemClock,
  webSocketOptions,
} from '@sallyport/mux'
import {
  type AgentMessage,
  ControlMessageReader,
  type JoinString,
  type RelayMessage,
  SallyportError,
  agentAlpn,
  agentProof,
  encodeControlMessage,
  encodeProxyHeader,
  exporterBytes,
  exporterLabel,
  generateAgentKey,
  parseAgentMessage,
  parseAuthorization,
  verifySignature,
  webSocketSubprotocol,
} from '@sallyport/protocol'
import { type RelayIdentity, generateIdentity } from '@sallyport/relay'
import { type WebSocket, WebSocketServer } from 'ws'
import { Changes } from './changes.ts'
import { StreamRecorder } from './stream-recorder.ts'

export interface StandInOptions {
  readonly tls?: TlsOptions
  /** Takes the TLS connection in place of the agent door. */
  readonly onSecure?: (socket: TLSSocket) => void
  /** Answers an upgrade in place of the agent door. */
  readonly onUpgrade?: (request: IncomingMessage, socket: TLSSocket) => void
  /** False leaves `register` unanswered. */
  readonly isRegistering?: boolean
}

export interface StandInRelay extends AsyncDisposable {
  readonly join: JoinString
  /** TLS connections so far. */
  readonly connections: number
  /** Resolves when no connection stands. */
  allEnded(): Promise<void>
  /** Resolves when so many connections have come and gone, handshakes that failed included. */
  ended(count: number): Promise<void>
  /** The nth session; waits for it. */
  session(index: number): Promise<StandInSession>
  /** Cuts every connection without a word; goes on listening. */
  cut(): void
}

let identity: RelayIdentity | undefined

export async function startStandInRelay(options: StandInOptions = {}): Promise<StandInRelay> {
  identity ??= generateIdentity('127.0.0.1', new Date())
  const key = generateAgentKey()
  const changes = new Changes()
  const sessions: StandInSession[] = []
  const sockets = new Set<TLSSocket>()
  let connections = 0
  let ended = 0
  const end = (): void => {
    ended += 1
    changes.tell()
  }

  const webSockets = new WebSocketServer({
    noServer: true,
    handleProtocols: () => webSocketSubprotocol,
    ...webSocketOptions,
  })
  const http = createHttpServer()
  http.on('upgrade', (request, duplex, head) => {
    const socket = [...sockets].find((one) => one === duplex)
    if (!socket) return
    if (options.onUpgrade) return options.onUpgrade(request, socket)
    const proof = parseAuthorization(request.headers.authorization)
    const exporter = socket.exportKeyingMaterial(exporterBytes, exporterLabel, Buffer.alloc(0))
    const isProven =
      proof !== undefined && verifySignature(key.publicKey, agentProof(exporter), proof.signature)
    if (!isProven) return void socket.end('HTTP/1.1 401 Unauthorized\r\nconnection: close\r\n\r\n')
    webSockets.handleUpgrade(request, socket, head, (ws) => {
      sessions.push(new StandInSession(ws, socket, options.isRegistering ?? true))
      changes.tell()
    })
  })
  const server = createServer(
    { ...identity, cert: identity.certificate, ALPNProtocols: [agentAlpn], ...options.tls },
    (socket) => {
      connections += 1
      sockets.add(socket)
      socket.on('error', () => {})
      socket.once('close', () => {
        sockets.delete(socket)
        end()
      })
      if (options.onSecure) options.onSecure(socket)
      else http.emit('connection', socket)
    },
  )
  server.on('tlsClientError', end)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')

  return {
    join: { host: '127.0.0.1', port: address.port, pin: identity.pin, key },
    get connections() {
      return connections
    },
    allEnded: () => changes.until('end of all connections', () => sockets.size === 0),
    ended: (count) => changes.until(`end of ${count} connections`, () => ended >= count),
    async session(index) {
      await changes.until(`session ${index}`, () => sessions.length > index)
      return sessions[index] ?? assert.fail('no session')
    },
    cut() {
      for (const socket of sockets) socket.destroy()
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** A session that an agent opened: what it said on the control stream, and the mux to reach it. */
export class StandInSession {
  readonly session: Session
  readonly messages: AgentMessage[] = []
  readonly #changes = new Changes()
  readonly #isRegistering: boolean
  #control: MuxStream | undefined
  closeCode: number | undefined
  isClosed = false

  constructor(ws: WebSocket, socket: TLSSocket, isRegistering: boolean) {
    this.#isRegistering = isRegistering
    this.session = new Session({
      transport: createWebSocketTransport(ws, socket, { masking: 'none' }),
      side: 'relay',
      clock: systemClock,
      onStream: (stream) => this.#onStream(stream),
      onClose: (_error, closeCode) => {
        this.isClosed = true
        this.closeCode = closeCode
        this.#changes.tell()
      },
    })
  }

  /** The first message of that type; waits for it. */
  async message<T extends AgentMessage['type']>(
    type: T,
  ): Promise<Extract<AgentMessage, { type: T }>> {
    const isIt = (message: AgentMessage): message is Extract<AgentMessage, { type: T }> =>
      message.type === type
    await this.#changes.until(`message ${type}`, () => this.messages.some(isIt))
    return this.messages.find(isIt) ?? assert.fail(`no ${type}`)
  }

  async closed(): Promise<void> {
    await this.#changes.until('end of the session', () => this.isClosed)
  }

  send(message: RelayMessage): void {
    this.sendBytes(encodeControlMessage(message))
  }

  sendBytes(bytes: Uint8Array): void {
    assert.ok(this.#control, 'the agent has opened no control stream')
    this.#control.write(bytes)
  }

  /** The end of the control stream alone. */
  endControl(): void {
    this.#control?.end()
  }

  /** A visitor of a route, who says `data` at once. */
  visit(route: string, data = ''): StreamRecorder {
    const recorder = new StreamRecorder()
    const header = encodeProxyHeader({
      visitor: { address: '192.0.2.7', port: 50_000 },
      listener: { address: '192.0.2.1', port: 443 },
      route,
    })
    return recorder.of(this.session.open(Buffer.concat([header, Buffer.from(data)]), recorder))
  }

  close(closeCode: number): void {
    this.session.close(closeCode, '', new SallyportError('SP_ABORTED', 'closed by the test'))
  }

  #onStream(stream: MuxStream): void {
    assert.equal(stream.id, 1)
    this.#control = stream
    const reader = new ControlMessageReader(parseAgentMessage)
    stream.receive({
      onData: (chunk) => {
        stream.consumed(chunk.length)
        for (const message of reader.push(chunk)) this.#onMessage(message)
      },
      onReset: () => {},
    })
  }

  #onMessage(message: AgentMessage): void {
    this.messages.push(message)
    if (message.type === 'register' && this.#isRegistering) this.grant(message.routes)
    this.#changes.tell()
  }

  /** Grants what was asked: `https://r0.test`, `tcp://127.0.0.1:2001`, all of one generation. */
  grant(routes: readonly { id: string; url: string }[], generation = 1): void {
    this.send({
      type: 'registered',
      routes: routes.map(({ id, url }, index) => ({
        id,
        url: url.startsWith('tcp:') ? `tcp://127.0.0.1:${2001 + index}` : `https://${id}.test`,
        generation,
      })),
    })
  }
}
