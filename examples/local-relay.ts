// What every example needs: a relay of its own on the loopback, and keys for its agents. In earnest the
// relay runs on a public machine, and an agent gets its join string from `relay agents add`.
import { type JoinString, generateAgentKey } from '@sallyport/protocol'
import { type Relay, createAgent, generateIdentity, startRelay } from '@sallyport/relay'

export interface LocalRelay extends AsyncDisposable {
  readonly relay: Relay
  /** What an agent with a key of its own needs. */
  join(name: string): Promise<JoinString>
}

export async function startLocalRelay(): Promise<LocalRelay> {
  const host = '127.0.0.1'
  const identity = generateIdentity(host, new Date())
  const first = generateAgentKey()
  const relay = await startRelay({
    host,
    listen: { host, port: 0 },
    tcpPorts: { first: 20_000, last: 32_000 },
    identity,
    agents: [createAgent('first', first.publicKey, '*')],
  })
  return {
    relay,
    async join(name) {
      const key = generateAgentKey()
      await relay.addAgent(createAgent(name, key.publicKey, '*'))
      return { host, port: relay.listen.port, pin: identity.pin, key }
    },
    [Symbol.asyncDispose]: () => relay.destroy(),
  }
}
