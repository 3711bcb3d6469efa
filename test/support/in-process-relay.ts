// A relay inside the test's process, with one agent key that may claim everything.
import {
  type Relay,
  type RelayEvent,
  type RelayOptions,
  createAgent,
  generateIdentity,
  startRelay,
} from '@sallyport/relay'
import { type AgentKey, type Pin, generateAgentKey } from '@sallyport/protocol'
import { deadline } from './deadline.ts'

export interface InProcessRelay extends AsyncDisposable {
  readonly relay: Relay
  readonly port: number
  readonly key: AgentKey
  readonly pin: Pin
  readonly events: readonly RelayEvent[]
  /** The first event, from the start on, for which `matches` is true. */
  event(what: string, matches: (event: RelayEvent) => boolean): Promise<RelayEvent>
}

let identity: RelayOptions['identity'] | undefined

export async function startInProcessRelay(
  options: Partial<RelayOptions> = {},
): Promise<InProcessRelay> {
  const key = generateAgentKey()
  const events: RelayEvent[] = []
  const waiting = new Set<() => void>()
  identity ??= generateIdentity('127.0.0.1', new Date())
  const relay = await startRelay({
    host: '127.0.0.1',
    listen: { host: '127.0.0.1', port: 0 },
    tcpPorts: { first: 20_000, last: 32_000 },
    identity,
    agents: [createAgent('first', key.publicKey, '*')],
    ...options,
    onEvent(event) {
      events.push(event)
      for (const look of waiting) look()
    },
  })
  return {
    relay,
    port: relay.listen.port,
    key,
    pin: (options.identity ?? identity).pin,
    events,
    async event(what, matches) {
      const { promise, resolve } = Promise.withResolvers<RelayEvent>()
      const look = (): void => {
        const found = events.find(matches)
        if (found) resolve(found)
      }
      waiting.add(look)
      look()
      try {
        return await deadline(promise, 5_000, what)
      } finally {
        waiting.delete(look)
      }
    },
    [Symbol.asyncDispose]: () => deadline(relay.destroy(), 5_000, 'end of the relay'),
  }
}
