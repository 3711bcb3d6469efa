// Where agents come in, past the front door's TLS: one WebSocket upgrade, whose Authorization header
// must be the agent key's signature over the TLS exporter of this very connection (docs/protocol.md
// §2). Checked before the upgrade is accepted. Whatever is wrong gets the same dull answer.
import { type IncomingMessage, createServer } from 'node:http'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { webSocketOptions } from '@sallyport/mux'
import {
  agentProof,
  exporterBytes,
  exporterLabel,
  parseAuthorization,
  verifySignature,
  webSocketSubprotocol,
} from '@sallyport/protocol'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Admission } from './admission.ts'
import type { Agent, AgentKeys } from './agent-keys.ts'
import { maxUpgradeBytes } from './limits.ts'

export interface AgentDoorOptions {
  readonly agents: AgentKeys
  /** Takes everybody, as `anybody`. */
  readonly anybody: Agent | undefined
  onAgent(agent: Agent, ws: WebSocket, socket: TLSSocket): void
  /** Somebody could not prove who they are. */
  onRefused(from: string): void
}

export interface AgentDoor {
  /** Takes over a socket of the front door. */
  enter(socket: TLSSocket, admission: Admission): void
}

export function createAgentDoor(options: AgentDoorOptions): AgentDoor {
  const callers = new WeakMap<Duplex, { socket: TLSSocket; admission: Admission }>()
  const webSockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    handleProtocols: () => webSocketSubprotocol,
    ...webSocketOptions,
  })
  const http = createServer({ maxHeaderSize: maxUpgradeBytes, keepAlive: false })

  http.on('request', (_request, response) => {
    response.writeHead(404, { connection: 'close', 'content-length': 0 }).end()
  })
  http.on('clientError', (_error, socket) => void socket.destroy())
  http.on('upgrade', (request, duplex, head) => {
    const caller = callers.get(duplex)
    if (!caller) {
      duplex.destroy()
      return
    }
    const { socket, admission } = caller
    const agent = isUpgrade(request) ? authenticate(request, socket, options) : undefined
    if (!agent) {
      options.onRefused(socket.remoteAddress ?? '')
      refuse(socket)
      return
    }
    webSockets.handleUpgrade(request, socket, head, (ws) => {
      admission.done()
      options.onAgent(agent, ws, socket)
    })
  })
  // Instead of the library's own answer, which tells what it did not like.
  webSockets.on('wsClientError', (_error, duplex) => {
    const caller = callers.get(duplex)
    if (caller) refuse(caller.socket)
  })

  return {
    enter(socket, admission) {
      callers.set(socket, { socket, admission })
      http.emit('connection', socket)
    },
  }
}

function isUpgrade({ method, headers }: IncomingMessage): boolean {
  const offers = headers['sec-websocket-protocol']?.split(',').map((offer) => offer.trim())
  return method === 'GET' && (offers ?? []).includes(webSocketSubprotocol)
}

/** The agent whose key signed this connection's exporter. */
function authenticate(
  request: IncomingMessage,
  socket: TLSSocket,
  { agents, anybody }: AgentDoorOptions,
): Agent | undefined {
  const proof = parseAuthorization(request.headers.authorization)
  const agent = proof && agents.find(proof.keyId)
  if (!proof || !agent) return anybody
  // A socket that was closed in the meantime has no exporter.
  if (socket.destroyed) return undefined
  const exporter = socket.exportKeyingMaterial(exporterBytes, exporterLabel, Buffer.alloc(0))
  const isProven = verifySignature(agent.publicKey, agentProof(exporter), proof.signature)
  return isProven ? agent : anybody
}

/** Always the same; the challenge is what RFC 9110 §15.5.2 asks for. */
function refuse(socket: TLSSocket): void {
  socket.write(
    'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Sallyport\r\n' +
      'Connection: close\r\nContent-Length: 0\r\n\r\n',
  )
  socket.destroySoon()
}
