// This agent's own way to the relay, hop by hop: name, port, key, session. Nothing is registered.
import { SallyportError, formatHostPort, formatPin } from '@sallyport/protocol'
import type { JoinString } from '@sallyport/protocol'
import type { HttpProxy } from '../http-proxy.ts'
import { whyHopMs } from '../limits.ts'
import { findAddresses } from './find-addresses.ts'
import { type Hop, asFailure, brokenHop } from './hop.ts'
import { openWay } from './open-way.ts'
import type { WhyWorld } from './why-world.ts'
import { within } from './within.ts'

/** Yields each hop; returns the relay's addresses, or undefined when a hop is broken. */
export async function* relayHops(
  join: JoinString,
  proxy: HttpProxy | undefined,
  world: WhyWorld,
): AsyncGenerator<Hop, readonly string[] | undefined> {
  const { clock } = world
  // Through a proxy the relay's name is the proxy's to resolve.
  const first = proxy ?? join
  const place = formatHostPort(first.host, first.port)
  let startMs = clock.now()
  const took = (): number => clock.now() - startMs
  let addresses: readonly string[]
  try {
    addresses = await findAddresses(first.host, world)
    yield { hop: 'relay name', state: 'ok', ms: took(), text: nameText(first.host, addresses) }
  } catch (error) {
    const failure = asFailure(error, 'SP_UNREACHABLE')
    // Whose record it is nobody here knows: the relay cannot be reached, that is all.
    const unreachable = new SallyportError('SP_UNREACHABLE', failure.message, { cause: error })
    const fix = 'is there a network, and is the name in the join string still the right one?'
    yield brokenHop('relay name', unreachable, { ms: took(), fix })
    return undefined
  }

  startMs = clock.now()
  try {
    const socket = await openWay(join, proxy, world)
    socket.destroy()
    const by = proxy ? `HTTP proxy ${place} lets us through` : `${place} takes connections`
    yield { hop: 'relay port', state: 'ok', ms: took(), text: by }
  } catch (error) {
    yield brokenHop('relay port', asFailure(error, 'SP_UNREACHABLE'), { ms: took() })
    return undefined
  }

  startMs = clock.now()
  const progress: { keyMs?: number } = {}
  try {
    await dial(join, world, () => {
      progress.keyMs = took()
    })
  } catch (error) {
    const { keyMs } = progress
    if (keyMs !== undefined) yield keyHop(join, keyMs)
    const hop = keyMs === undefined ? 'relay key' : 'session'
    const ms = took() - (keyMs ?? 0)
    yield brokenHop(hop, asFailure(error, 'SP_UNREACHABLE'), { ms })
    return undefined
  }
  const { keyMs = 0 } = progress
  yield keyHop(join, keyMs)
  const text = `the relay knows this agent's key (${join.key.keyId})`
  yield { hop: 'session', state: 'ok', ms: took() - keyMs, text }
  return proxy ? [] : addresses
}

async function dial(join: JoinString, world: WhyWorld, onSecured: () => void): Promise<void> {
  const late = (): Error =>
    new SallyportError(
      'SP_UNREACHABLE',
      `relay ${join.host}: no session within ${whyHopMs / 1000} s`,
    )
  await within<void>(world.clock, whyHopMs, late, ({ resolve, reject }) => {
    const dialled = world.dialRelay(join, {
      secured: onSecured,
      connected: (ws, socket) => {
        ws.on('error', () => {})
        socket.destroy()
        resolve()
      },
      failed: reject,
    })
    return () => dialled.cancel()
  })
}

function keyHop({ pin }: JoinString, ms: number): Hop {
  const text =
    pin.kind === 'webpki'
      ? 'TLS 1.3, and a certificate that is valid for its name'
      : `TLS 1.3, and the key that the join string pins (${formatPin(pin)})`
  return { hop: 'relay key', state: 'ok', ms, text }
}

export function nameText(host: string, addresses: readonly string[]): string {
  const isAddress = addresses.length === 1 && addresses[0] === host
  return isAddress ? `${host} is an address` : `${host} is ${addresses.join(', ')}`
}
