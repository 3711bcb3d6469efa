// A relay with one tcp and one https route, whose agent comes, leaves and answers only as the test says, so
// that each moment of a visit can be held.
import assert from 'node:assert/strict'
import type { MuxStream } from '@sallyport/mux'
import type { RelayEvent, RelayOptions } from '@sallyport/relay'
import { type BareAgent, connectBareAgent } from './bare-agent.ts'
import { deadline } from './deadline.ts'
import { type InProcessRelay, startInProcessRelay } from './in-process-relay.ts'

export class Place implements AsyncDisposable {
  readonly relay: InProcessRelay
  readonly streams: MuxStream[] = []
  agent!: BareAgent
  /** The public TCP port. */
  port = 0
  #onStream: (() => void) | undefined

  constructor(relay: InProcessRelay) {
    this.relay = relay
  }

  /** The agent comes, or comes back as another process. */
  async join(onStream?: (stream: MuxStream) => void, channelTimeoutSeconds = 100): Promise<void> {
    this.agent = await connectBareAgent({
      ...this.relay,
      onStream: (stream) => {
        stream.receive({ onReset: () => {} })
        this.streams.push(stream)
        onStream?.(stream)
        this.#onStream?.()
      },
    })
    const urls = [`tcp://:${this.port}`, 'https://web.test']
    const [route] = await this.agent.register(urls, channelTimeoutSeconds)
    this.port = Number(new URL(route?.url ?? '').port)
  }

  async leave(): Promise<void> {
    this.agent.socket.destroy()
    await this.relay.event('agent-left', ({ event }) => event === 'agent-left')
  }

  /** The stream of the next visitor. */
  async stream(): Promise<MuxStream> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#onStream = resolve
    if (this.streams.length > 0) resolve()
    await deadline(promise, 5_000, 'stream')
    return this.streams.shift() ?? assert.fail('no stream')
  }

  /** The report of the next visit that ends. */
  async ended(): Promise<Extract<RelayEvent, { event: 'visit' }>> {
    const event = await this.relay.event('visit', (one) => one.event === 'visit')
    return event.event === 'visit' ? event : assert.fail()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.agent[Symbol.asyncDispose]()
    await this.relay[Symbol.asyncDispose]()
  }
}

export async function startPlace(options: Partial<RelayOptions> = {}): Promise<Place> {
  return new Place(await startInProcessRelay(options))
}
