// The service itself, dialled as the agent would dial it: whether it accepts, and whether it speaks first.
import type { Buffer } from 'node:buffer'
import type { SocketEnd } from '@sallyport/mux'
import { SallyportError } from '@sallyport/protocol'
import { whyHopMs, whyQuietMs } from '../limits.ts'
import { listeningHere } from '../find-listener.ts'
import { type DialledOrigin, type Origin, formatOrigin } from '../origin.ts'
import { reachOrigin } from '../reach-origin.ts'
import { checkPreamble } from '../origin-preamble.ts'
import { type Hop, asFailure, brokenHop } from './hop.ts'
import type { WhyWorld } from './why-world.ts'
import { within } from './within.ts'

export interface OriginFinding {
  readonly hop: Hop
  /** It sent something before it was asked: SSH, SMTP, MySQL. */
  readonly speaksFirst: boolean
}

/** `isRaw`: it is listened to for a moment. */
export async function tryOrigin(
  origin: Origin,
  isRaw: boolean,
  world: WhyWorld,
): Promise<OriginFinding> {
  const name = formatOrigin(origin)
  if (origin.kind === 'server') {
    return { hop: { hop: 'origin', state: 'ok', text: name }, speaksFirst: false }
  }
  const { clock } = world
  const startMs = clock.now()
  try {
    const end = await reach(origin, world)
    const ms = clock.now() - startMs
    const speaksFirst = isRaw && (await speaks(end, world))
    end.abort()
    const text = `${name} accepts${speaksFirst ? ', and speaks first' : ''}`
    return { hop: { hop: 'origin', state: 'ok', ms, text }, speaksFirst }
  } catch (error) {
    const failure = asFailure(error, 'SP_ORIGIN_REFUSED')
    const ms = clock.now() - startMs
    const fix =
      failure.code === 'SP_ORIGIN_REFUSED'
        ? `start the service, or correct TARGET${listeningHere(await world.listListeners())}`
        : undefined
    const hop = brokenHop('origin', failure, { ms, ...(fix !== undefined && { fix }) })
    return { hop, speaksFirst: false }
  }
}

async function reach(origin: DialledOrigin, { clock, dialSocket }: WhyWorld): Promise<SocketEnd> {
  const late = (): Error =>
    new SallyportError(
      'SP_CHANNEL_TIMEOUT',
      `${formatOrigin(origin)} did not take the connection within ${whyHopMs / 1000} s`,
    )
  return await within<SocketEnd>(clock, whyHopMs, late, ({ resolve, reject }) => {
    const { proxyProtocol } = origin
    const preamble = proxyProtocol && checkPreamble(proxyProtocol)
    let isConnected = false
    const connected = (end: SocketEnd): void => {
      isConnected = true
      resolve(end)
    }
    const dial = reachOrigin(origin, { clock, dialSocket, preamble }, { connected, failed: reject })
    return () => {
      if (!isConnected) dial.cancel()
    }
  })
}

async function speaks(end: SocketEnd, { clock }: WhyWorld): Promise<boolean> {
  const quiet = new Error('quiet')
  const heard = within<boolean>(
    clock,
    whyQuietMs,
    () => quiet,
    ({ resolve }) => {
      end.attach({
        onRead: (_buffer: Buffer, bytes: number) => {
          if (bytes > 0) resolve(true)
          return true
        },
        onSocketEnd: () => resolve(false),
        onSocketClose: () => resolve(false),
      })
      return undefined
    },
  )
  return await heard.catch(() => false)
}
