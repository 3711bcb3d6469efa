// One dial of the relay: TCP, TLS 1.3, the pin, the proof of this agent's key, the WebSocket upgrade
// (docs/protocol.md §1, §2). Nothing above TLS is sent before the relay's key has been checked. It
// knows no timeout and no second try: connector.ts has both.
import type { Socket } from 'node:net'
import { type TLSSocket, connect } from 'node:tls'
import { webSocketOptions } from '@sallyport/mux'
import {
  type JoinString,
  SallyportError,
  agentAlpn,
  agentProof,
  exporterBytes,
  exporterLabel,
  formatAuthorization,
  formatHostPort,
  isHostName,
  matchesPin,
  webSocketSubprotocol,
} from '@sallyport/protocol'
import { WebSocket } from 'ws'
import type { HttpProxy } from './http-proxy.ts'
import { openHttpTunnel } from './http-tunnel.ts'
import { dialFailure, upgradeRefusal } from './relay-failure.ts'

export interface RelayDialEvents {
  /** TLS stands, and the relay's key is the right one. */
  secured?(): void
  /** The session's WebSocket and the socket below it: the receiver's from here on. */
  connected(ws: WebSocket, socket: TLSSocket): void
  failed(error: SallyportError): void
}

export interface RelayDial {
  /** Gives up: no socket and no callback remains. */
  cancel(): void
}

export type DialRelay = (join: JoinString, events: RelayDialEvents) => RelayDial

/** AES-128 first: the fastest with the instructions that every server has (docs/adr/0006). */
const ciphers = 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256'

/** Starts one dial; calls back once, never before it returns, and not at all after `cancel()`. */
export const dialRelay: DialRelay = (join, events) => dialOver(join, events)

/** Dials by way of an HTTP proxy, where there is one. */
export function createRelayDialler(httpProxy: HttpProxy | undefined): DialRelay {
  if (!httpProxy) return dialRelay
  return (join, events) => {
    let current: RelayDial = openHttpTunnel(httpProxy, join, {
      opened: (way) => {
        current = dialOver(join, events, way)
      },
      failed: (error) => events.failed(error),
    })
    return { cancel: () => current.cancel() }
  }
}

function dialOver(join: JoinString, events: RelayDialEvents, way?: Socket): RelayDial {
  const relay = formatHostPort(join.host, join.port)
  const socket = connect({
    ...(way ? { socket: way } : { port: join.port }),
    host: join.host,
    ALPNProtocols: [agentAlpn],
    minVersion: 'TLSv1.3',
    ciphers,
    // RFC 6066 §3: no addresses in SNI.
    ...(isHostName(join.host) && { servername: join.host }),
    // A pinned key needs nobody to vouch for it; whyUntrusted() checks it.
    rejectUnauthorized: join.pin.kind === 'webpki',
  })
  let ws: WebSocket | undefined
  let isOver = false

  const giveUp = (): void => {
    isOver = true
    ws?.terminate()
    socket.destroy()
  }
  const fail = (error: SallyportError): void => {
    if (isOver) return
    giveUp()
    events.failed(error)
  }
  const failWith = (error: Error): void => fail(dialFailure(relay, error))

  socket.on('error', failWith)
  socket.once('close', () => failWith(new Error('it closed the connection')))
  socket.once('secureConnect', () => {
    const untrusted = whyUntrusted(socket, join, relay)
    if (untrusted) return fail(untrusted)
    events.secured?.()
    ws = upgrade(socket, join)
    ws.on('error', failWith)
    ws.on('unexpected-response', (_request, { statusCode }) => {
      fail(upgradeRefusal(relay, statusCode ?? 0))
    })
    ws.once('open', () => {
      if (isOver || !ws) return
      isOver = true
      events.connected(ws, socket)
    })
  })

  return {
    cancel() {
      if (!isOver) giveUp()
    },
  }
}

/** The check that stands before the first byte of ours. */
function whyUntrusted(
  socket: TLSSocket,
  { pin }: JoinString,
  relay: string,
): SallyportError | undefined {
  if (socket.alpnProtocol !== agentAlpn) {
    return dialFailure(relay, new Error('it takes no agents: not a relay'))
  }
  // Under webpki, TLS itself has verified the chain and the name.
  if (pin.kind === 'webpki') return undefined
  const key = socket.getPeerX509Certificate()?.publicKey.export({ type: 'spki', format: 'der' })
  if (key && matchesPin(pin, key)) return undefined
  return new SallyportError(
    'SP_PIN_MISMATCH',
    `relay ${relay} showed another key than the join string pins: set up anew, or somebody between`,
  )
}

function upgrade(socket: TLSSocket, { host, port, key }: JoinString): WebSocket {
  const exporter = socket.exportKeyingMaterial(exporterBytes, exporterLabel, Buffer.alloc(0))
  const authorization = formatAuthorization(key.keyId, key.sign(agentProof(exporter)))
  return new WebSocket(`wss://${formatHostPort(host, port)}/`, [webSocketSubprotocol], {
    ...webSocketOptions,
    createConnection: () => socket,
    headers: { authorization },
  })
}
