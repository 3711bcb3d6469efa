// A relay with an agent that serves and a visitor that stays: for tests of what somebody else does to the
// relay, who must not be noticed by either.
import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { type BareAgent, connectBareAgent, echoStream } from './bare-agent.ts'
import { deadline, until } from './deadline.ts'
import { type InProcessRelay, startInProcessRelay } from './in-process-relay.ts'
import { type Visitor, visitTls } from './visitor.ts'

/** A relay, an agent that serves, and a visitor that stays through whatever the test does. */
export class Neighbourhood implements AsyncDisposable {
  readonly relay: InProcessRelay
  readonly #agent: BareAgent
  readonly #visitor: Visitor

  constructor(relay: InProcessRelay, agent: BareAgent, visitor: Visitor) {
    this.relay = relay
    this.#agent = agent
    this.#visitor = visitor
  }

  /** The visitor that was there before is served, and so is a new one. */
  async noticedNothing(): Promise<void> {
    assert.equal(this.#agent.session.isClosed, false)
    assert.equal(await ask(this.#visitor, 'still here'), 'still here')
    await using late = await visitTls(this.relay.port, 'TLSv1.3', 'good.test')
    assert.equal(await ask(late, 'and here'), 'and here')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#visitor[Symbol.asyncDispose]()
    await this.#agent[Symbol.asyncDispose]()
    await this.relay[Symbol.asyncDispose]()
  }
}

export async function startNeighbourhood(admissionTimeoutMs = 10_000): Promise<Neighbourhood> {
  const relay = await startInProcessRelay({ admissionTimeoutMs })
  const agent = await connectBareAgent({ ...relay, onStream: (stream) => echoStream(stream) })
  await agent.register(['tls://good.test'])
  const visitor = await visitTls(relay.port, 'TLSv1.3', 'good.test')
  assert.equal(await ask(visitor, 'first'), 'first')
  return new Neighbourhood(relay, agent, visitor)
}

export async function ask(visitor: Visitor, question: string): Promise<string> {
  const answer = until(visitor.socket, 'data')
  visitor.socket.write(question)
  return String((await answer)[0])
}

/** Resolves with all that came, once the socket is closed. */
export async function readToClose(socket: Socket, ms = 5_000): Promise<string> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  // Not by `once`, which rejects when the relay answered unread bytes with RST.
  const closed = new Promise((resolve) => socket.once('close', resolve))
  if (!socket.closed) await deadline(closed, ms, 'close by the relay')
  return Buffer.concat(chunks).toString('latin1')
}
