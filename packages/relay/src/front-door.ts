// Byte path 1/8: the public TLS port, and further ones that are leased. Reads each caller's ClientHello,
// bounded, puts the bytes back and hands the socket to one of five TLS servers that listen nowhere: the
// agents' and the deploy door's (TLS 1.3, the pinned key whatever the SNI), the visitors' of https or of
// other routes, or the one for authorities; passthrough visitors stay as they are. One server cannot be
// all: it would answer all with one list of protocols, and kill who offers none of it. Whom nobody serves
// gets a TLS alert. Knows neither HTTP nor streams, and waits for no caller before it accepts the next.
import { randomBytes } from 'node:crypto'
import { type Server, type Socket, createServer } from 'node:net'
import {
  type SecureContext,
  type TLSSocket,
  type Server as TlsServer,
  createServer as createTlsServer,
} from 'node:tls'
import type { Clock } from '@sallyport/mux'
import {
  type ClientHello,
  ClientHelloReader,
  type ListenAddress,
  acmeAlpn,
  agentAlpn,
  deployAlpn,
} from '@sallyport/protocol'
import { Admission } from './admission.ts'
import type { Gate } from './gate.ts'
import { type LeasedPort, openLeasedPort } from './leased-port.ts'
import type { Claim } from './lease.ts'
import { listen } from './listening.ts'
import type { CertificateStore } from './certificates/certificate-store.ts'
import { TicketKeys } from './certificates/ticket-keys.ts'
import type { RelayIdentity } from './relay-identity.ts'
import { agentPolicy, visitorPolicy } from './tls-policy.ts'

export interface FrontDoorOptions {
  readonly clock: Clock
  /** What agents see. */
  readonly identity: RelayIdentity
  /** What visitors see. */
  readonly certificates: Pick<CertificateStore, 'pairOf' | 'onChange'>
  readonly listen: ListenAddress
  readonly admissionTimeoutMs: number
  readonly gate: Gate
  /** What an authority gets that asks for the name by TLS-ALPN-01 (RFC 8737). */
  challengeContext(name: string): SecureContext | undefined
  /** How the host name is served; undefined: by nobody. */
  kindOf(asked: Asked): Claim['kind'] | undefined
  /** Past the TLS handshake, and still to prove itself. */
  onAgent(socket: TLSSocket, admission: Admission): void
  /** The same, for the deploy door; absent: there is none. */
  readonly onDeploy?: ((socket: TLSSocket, admission: Admission) => void) | undefined
  /** Past the TLS handshake; nobody has read from it. */
  onVisitor(socket: TLSSocket, asked: Asked, acceptedMs: number): void
  /**
   * A visitor whose TLS is the origin's. All that was read of it is in `hello`. To be taken over before
   * this returns.
   */
  onPassthrough(socket: Socket, asked: Asked, admission: Admission, hello: Buffer): void
}

/** What a caller asks for. */
export interface Asked {
  /** Undefined: it named no host. */
  readonly sni: string | undefined
  /** The leased port on which it came; undefined: the front door's own. */
  readonly furtherPort: number | undefined
}

export interface FrontDoor {
  readonly port: number
  /**
   * Listens on a further port, for visitors only.
   * @throws {SallyportError} SP_PORT_TAKEN.
   */
  openPort(host: string, port: number): Promise<LeasedPort>
  /** Takes no more callers; resolves when those who are in have left. */
  close(): Promise<void>
  /** Ends every socket at once; resolves when all are closed. */
  destroy(): Promise<void>
}

/** TLS alerts (RFC 8446 §6). */
const Alert = { unrecognizedName: 112, noApplicationProtocol: 120 } as const

interface Caller {
  readonly admission: Admission
  readonly hello: ClientHello
  readonly asked: Asked
}

/** @throws {SallyportError} SP_ADDRESS_TAKEN. */
export async function startFrontDoor(options: FrontDoorOptions): Promise<FrontDoor> {
  const { clock, identity, certificates, admissionTimeoutMs } = options
  const sockets = new Set<Socket>()
  /** Callers in their TLS handshake, by their two addresses: TLS sockets do not tell whom they wrap. */
  const handshakes = new Map<string, Caller>()

  const agentServer = createTlsServer({
    ...agentPolicy,
    key: identity.key,
    cert: identity.certificate,
    ALPNProtocols: [agentAlpn],
  })
  const deployServer = createTlsServer({
    ...agentPolicy,
    key: identity.key,
    cert: identity.certificate,
    ALPNProtocols: [deployAlpn],
  })
  const createVisitorServer = (preferred: readonly string[]): TlsServer =>
    createTlsServer({
      ...visitorPolicy,
      SNICallback: (name, done) => done(null, certificates.pairOf(name.toLowerCase()).context),
      ALPNCallback: ({ protocols }) => chooseProtocol(protocols, preferred),
    })
  const httpsServer = createVisitorServer(['h2', 'http/1.1'])
  // The origin of a tls route cannot be asked; the relay's own answers are HTTP/1.
  const visitorServer = createVisitorServer(['http/1.1'])
  const visitorServers = [httpsServer, visitorServer]
  const challengeServer = createTlsServer({
    ...visitorPolicy,
    SNICallback: (name, done) => done(null, options.challengeContext(name.toLowerCase())),
    ALPNProtocols: [acmeAlpn],
  })
  let unnamed = certificates.pairOf(undefined)
  for (const one of visitorServers) one.setSecureContext({ ...visitorPolicy, ...unnamed.pem })

  function handOver(server: TlsServer, socket: Socket, caller: Caller): void {
    const key = connectionKey(socket)
    if (key === undefined) {
      socket.destroy()
      return
    }
    handshakes.set(key, caller)
    socket.once('close', () => {
      if (handshakes.get(key) === caller) handshakes.delete(key)
    })
    server.emit('connection', socket)
  }

  function onHello(socket: Socket, caller: Caller, bytes: Buffer): void {
    const { hello, asked, admission } = caller
    const isDeploy = hello.alpn.includes(deployAlpn)
    const hasKey = isDeploy || hello.alpn.includes(agentAlpn)
    if (hasKey && (asked.furtherPort !== undefined || (isDeploy && !options.onDeploy))) {
      refuse(socket, Alert.noApplicationProtocol)
      return
    }
    // Above the visitors' cap hellos are still read, and those who have a key kept.
    const { pass } = admission
    if (!(hasKey ? pass.becomeAgent() : pass.becomeVisitor())) {
      socket.destroy()
      return
    }
    const kind = hasKey ? undefined : options.kindOf(asked)
    // Of a passthrough name it is its owner who is asked.
    if (hello.alpn.includes(acmeAlpn) && kind !== 'passthrough') {
      const isOurs = asked.sni !== undefined && options.challengeContext(asked.sni) !== undefined
      if (isOurs) {
        socket.unshift(bytes)
        handOver(challengeServer, socket, caller)
      } else refuse(socket, Alert.noApplicationProtocol)
      return
    }
    if (kind === 'passthrough') {
      admission.done()
      options.onPassthrough(socket, asked, admission, bytes)
    } else if (hasKey || kind || asked.sni === undefined) {
      // Who names no host can be told, over TLS, that nothing is there.
      socket.unshift(bytes)
      const keyed = isDeploy ? deployServer : agentServer
      const ofKind = kind === 'https' ? httpsServer : visitorServer
      handOver(hasKey ? keyed : ofKind, socket, caller)
    } else refuse(socket, Alert.unrecognizedName)
  }

  function onSecure(socket: TLSSocket, next: (socket: TLSSocket, caller: Caller) => void): void {
    socket.on('error', () => {})
    const key = connectionKey(socket)
    const caller = key === undefined ? undefined : handshakes.get(key)
    if (key === undefined || !caller) {
      socket.destroy()
      return
    }
    handshakes.delete(key)
    next(socket, caller)
  }

  agentServer.on('secureConnection', (tlsSocket) =>
    onSecure(tlsSocket, (socket, { admission }) => options.onAgent(socket, admission)),
  )
  deployServer.on('secureConnection', (tlsSocket) =>
    onSecure(tlsSocket, (socket, { admission }) => options.onDeploy?.(socket, admission)),
  )
  for (const server of visitorServers) {
    server.on('secureConnection', (tlsSocket) =>
      onSecure(tlsSocket, (socket, { admission, asked }) => {
        admission.done()
        options.onVisitor(socket, asked, admission.acceptedMs)
      }),
    )
  }
  // The handshake is the answer (RFC 8737 §3).
  challengeServer.on('secureConnection', (tlsSocket) =>
    onSecure(tlsSocket, (socket) => void socket.end()),
  )
  for (const server of [agentServer, deployServer, challengeServer, ...visitorServers]) {
    server.on('tlsClientError', (_error, socket) => socket.destroy())
  }

  const createListener = (furtherPort?: number): Server =>
    createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => {})
      const pass = options.gate.enter(socket.remoteAddress ?? '', () => socket.destroy())
      if (!pass) {
        socket.destroy()
        return
      }
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
      const admission = new Admission(socket, clock, admissionTimeoutMs, pass)
      readHello(socket, (hello, bytes) => {
        const asked = { sni: hello.sni, furtherPort }
        onHello(socket, { admission, hello, asked }, bytes)
      })
    })
  const server = createListener()
  const port = await listen(server, options.listen.host, options.listen.port, 'SP_ADDRESS_TAKEN')
  const tickets = new TicketKeys({ clock, randomBytes, servers: visitorServers })
  certificates.onChange(() => {
    const pair = certificates.pairOf(undefined)
    if (pair === unnamed) return
    unnamed = pair
    for (const one of visitorServers) one.setSecureContext({ ...visitorPolicy, ...pair.pem })
    tickets.apply()
  })

  const { promise: closed, resolve } = Promise.withResolvers<void>()
  server.once('close', () => {
    tickets[Symbol.dispose]()
    resolve()
  })
  return {
    port,
    openPort: (host, furtherPort) => openLeasedPort(createListener(furtherPort), host, furtherPort),
    close() {
      server.close()
      return closed
    },
    destroy() {
      server.close()
      for (const socket of sockets) socket.destroy()
      return closed
    },
  }
}

/** Reads until the ClientHello is whole, and gives all the bytes; who sends anything else is cut off. */
function readHello(socket: Socket, onHello: (hello: ClientHello, bytes: Buffer) => void): void {
  const reader = new ClientHelloReader()
  const onEnd = (): void => void socket.destroy()
  const onData = (chunk: Buffer): void => {
    let hello: ClientHello | undefined
    try {
      hello = reader.push(chunk)
    } catch {
      socket.destroy()
      return
    }
    if (!hello) return
    socket.off('data', onData)
    socket.off('end', onEnd)
    socket.pause()
    onHello(hello, reader.bytes)
  }
  socket.on('data', onData)
  socket.on('end', onEnd)
}

/** The first preferred one that the visitor offers, else what the visitor likes best. */
function chooseProtocol(
  offers: readonly string[],
  preferred: readonly string[],
): string | undefined {
  return preferred.find((one) => offers.includes(one)) ?? offers[0]
}

/** A fatal alert in the clear, as a TLS server sends before it has a key (RFC 8446 §5.1, §6). */
function refuse(socket: Socket, description: number): void {
  socket.resume()
  socket.write(Buffer.from([21, 3, 3, 0, 2, 2, description]))
  socket.destroySoon()
}

/** Both addresses of a connection; undefined once it is closed. */
function connectionKey(socket: Socket): string | undefined {
  const { remoteAddress, remotePort, localAddress, localPort } = socket
  if (remoteAddress === undefined) return undefined
  return `${remoteAddress} ${remotePort ?? 0} ${localAddress ?? ''} ${localPort ?? 0}`
}
