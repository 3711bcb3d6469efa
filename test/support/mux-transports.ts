// Everything that a session may run on, for tests that must hold on all of it.
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { duplexPair } from 'node:stream'
import test from 'node:test'
import type { TLSSocket } from 'node:tls'
import {
  type Masking,
  type Transport,
  createSocketTransport,
  createWebSocketTransport,
  webSocketOptions,
} from '@sallyport/mux'
import { WebSocket, WebSocketServer } from 'ws'
import { until } from './deadline.ts'
import { createMemoryLink } from './memory-link.ts'
import { type SessionPair, SessionSide, type SideOptions, pairOf } from './session-pair.ts'
import { tcpPair, tlsPair } from './sockets.ts'
import { testCertificate } from './test-certificate.ts'

interface JoinedTransports {
  readonly agent: Transport
  readonly relay: Transport
  /** Breaks the link without a word. */
  cut(): void
  dispose(): Promise<void>
}

/** A matrix's row: a name for the test's title, and the transports. */
export interface TransportKind {
  readonly name: string
  /** Bytes for tests that send much: crumbs take their time. */
  readonly muchBytes: number
  join(): Promise<JoinedTransports>
}

/** Cuts of 1 to 8 bytes, the same in every run. */
function smallCuts(): () => number {
  let state = 1
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return 1 + ((state >>> 16) % 8)
  }
}

/** The pair hands buffers on as they are, and a slab may be written again once it was taken. */
function copying(transport: Transport): Transport {
  return { ...transport, send: (sealed, taken) => transport.send(Buffer.from(sealed), taken) }
}

const inMemory: TransportKind = {
  name: 'duplex pair',
  muchBytes: 2_000_000,
  join() {
    const [agent, relay] = duplexPair({ highWaterMark: 64 * 1024 })
    return Promise.resolve({
      agent: copying(createSocketTransport(agent)),
      relay: copying(createSocketTransport(relay)),
      cut: () => agent.destroy(),
      dispose: () => Promise.resolve(),
    })
  },
}

const inCrumbs: TransportKind = {
  name: '1 to 8 bytes at a time',
  muchBytes: 300_000,
  join() {
    const link = createMemoryLink({ nextCut: smallCuts() })
    const cut = () => link.agent.cut()
    return Promise.resolve({ ...link, cut, dispose: () => Promise.resolve() })
  },
}

const overTcp: TransportKind = {
  name: 'TCP',
  muchBytes: 2_000_000,
  async join() {
    const pair = await tcpPair({ noDelay: true })
    return {
      agent: createSocketTransport(pair.dialled),
      relay: createSocketTransport(pair.accepted),
      cut: () => pair.dialled.resetAndDestroy(),
      async dispose() {
        await pair[Symbol.asyncDispose]()
      },
    }
  },
}

const overTls: TransportKind = {
  name: 'TLS',
  muchBytes: 2_000_000,
  async join() {
    const pair = await tlsPair()
    return {
      agent: createSocketTransport(pair.dialled),
      relay: createSocketTransport(pair.accepted),
      cut: () => pair.dialled.destroy(),
      async dispose() {
        await pair[Symbol.asyncDispose]()
      },
    }
  },
}

/** What the programs use: WebSocket over TLS 1.3, with the sockets' own framing. */
function overWebSocket(masking: Masking): TransportKind {
  return {
    name: `WebSocket over TLS, masking ${masking}`,
    muchBytes: 2_000_000,
    async join() {
      const https = createHttpsServer({ ...testCertificate(), minVersion: 'TLSv1.3' })
      const server = new WebSocketServer({ server: https, ...webSocketOptions })
      https.listen(0, '127.0.0.1')
      await until(https, 'listening')
      const accepting = until(server, 'connection')
      const { port } = https.address() as AddressInfo
      const dialled = new WebSocket(`wss://127.0.0.1:${port}/`, {
        ...webSocketOptions,
        rejectUnauthorized: false,
      })
      let dialledSocket: TLSSocket | undefined
      dialled.once('upgrade', (response) => {
        dialledSocket = response.socket as TLSSocket
      })
      const opening = until(dialled, 'open')
      const [accepted, request] = (await accepting) as [WebSocket, { socket: TLSSocket }]
      const relay = createWebSocketTransport(accepted, request.socket, { masking: 'none' })
      await opening
      if (dialledSocket === undefined) throw new Error('no socket of the upgrade')
      const agent = createWebSocketTransport(dialled, dialledSocket, { masking })
      return {
        agent,
        relay,
        cut: () => dialledSocket?.destroy(),
        async dispose() {
          dialled.terminate()
          accepted.terminate()
          const closed = until(https, 'close')
          https.close()
          await closed
        },
      }
    },
  }
}

export const transportKinds: readonly TransportKind[] = [
  inMemory,
  inCrumbs,
  overTcp,
  overTls,
  overWebSocket('zero'),
  overWebSocket('random'),
]

export interface JoinedSessions extends SessionPair {
  /** Breaks the link without a word. */
  cut(): void
}

/** What a test on every transport gets: `from` is the side that opens streams, `to` the other. */
export interface EverySessions extends JoinedSessions {
  readonly kind: TransportKind
  readonly from: SessionSide
  readonly to: SessionSide
}

/** One test for each transport and each role of the opener: `mux: FACT (TLS, agent opens)`. */
export function onEveryTransport(fact: string, run: (sessions: EverySessions) => Promise<void>) {
  for (const kind of transportKinds) {
    for (const opener of ['agent', 'relay'] as const) {
      test(`mux: ${fact} (${kind.name}, ${opener} opens)`, async () => {
        await using sessions = await joinSessions(kind)
        const [from, to] =
          opener === 'agent' ? [sessions.agent, sessions.relay] : [sessions.relay, sessions.agent]
        await run({ ...sessions, kind, from, to })
      })
    }
  }
}

/** Both ends of a session over transports of that kind. */
export async function joinSessions(
  kind: TransportKind,
  options: { agent?: Partial<SideOptions>; relay?: Partial<SideOptions> } = {},
): Promise<JoinedSessions> {
  const joined = await kind.join()
  const agent = new SessionSide({ transport: joined.agent, side: 'agent', ...options.agent })
  const relay = new SessionSide({ transport: joined.relay, side: 'relay', ...options.relay })
  const pair = pairOf(agent, relay)
  return {
    ...pair,
    cut: () => joined.cut(),
    async [Symbol.asyncDispose]() {
      await pair[Symbol.asyncDispose]()
      await joined.dispose()
    },
  }
}
