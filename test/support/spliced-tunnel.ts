// A visitor's socket and an origin's, joined by two splices and a session in memory between them.
import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import {
  type MuxStream,
  type SocketEnd,
  type SpliceOptions,
  type SpliceReport,
  adoptAccepted,
  splice,
} from '@sallyport/mux'
import { lazyFrameMs } from '../../packages/mux/src/limits.ts'
import { Changes } from './changes.ts'
import { FakeClock } from './fake-clock.ts'
import { createSessionPair } from './session-pair.ts'
import { type SocketPair, tcpPair } from './sockets.ts'

/** visitor = socket = relay's splice = stream = agent's splice = socket = origin */
export async function splicedTunnel(options: Partial<SpliceOptions> = {}) {
  const clock = new FakeClock()
  const changes = new Changes()
  const reports: { relay?: SpliceReport; agent?: SpliceReport } = {}
  const opened: { relay?: MuxStream; agent?: MuxStream; origin?: SocketEnd } = {}
  const front = await tcpPair()
  const back = await tcpPair()
  const join = (side: 'relay' | 'agent', pair: SocketPair<Socket>, stream: MuxStream) => {
    opened[side] = stream
    const end = adoptAccepted(pair.accepted)
    splice(end, stream, {
      clock,
      ...options,
      onClose: (report) => {
        assert.equal(reports[side], undefined, 'a second report')
        reports[side] = report
        changes.tell()
      },
    })
    return end
  }
  const pair = createSessionPair({
    // On a clock that stands still no window grows; what waits for company alone goes on.
    clock: new FakeClock(0, lazyFrameMs),
    agent: {
      onStream: (stream) => {
        opened.origin = join('agent', back, stream)
        changes.tell()
      },
    },
  })
  const stream = pair.relay.session.open(Buffer.alloc(0), { onReset: () => {} })
  const visitorEnd = join('relay', front, stream)
  await changes.until('the stream at the agent', () => opened.agent !== undefined)
  return {
    ...pair,
    clock,
    reports,
    visitor: front.dialled,
    origin: back.dialled,
    visitorEnd,
    originEnd: opened.origin ?? assert.fail('no origin'),
    stream: { relay: stream, agent: opened.agent ?? assert.fail('no stream') },
    async reported() {
      await changes.until('both reports', () => Boolean(reports.relay && reports.agent))
      return {
        relay: reports.relay ?? assert.fail('no report'),
        agent: reports.agent ?? assert.fail('no report'),
      }
    },
    async [Symbol.asyncDispose]() {
      await pair[Symbol.asyncDispose]()
      await front[Symbol.asyncDispose]()
      await back[Symbol.asyncDispose]()
    },
  }
}
