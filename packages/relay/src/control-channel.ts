// The control stream of one session, seen from the relay: whole messages in, one handled after the
// other, and messages out.
import { type MuxStream, streamAsDuplex } from '@sallyport/mux'
import {
  type AgentMessage,
  ControlMessageReader,
  type RelayMessage,
  SallyportError,
  encodeControlMessage,
  isSallyportError,
  parseAgentMessage,
} from '@sallyport/protocol'
import { maxControlQueueBytes } from './limits.ts'

export interface ControlChannelOptions {
  readonly stream: MuxStream
  /** The next message is read when this has settled. */
  onMessage(message: AgentMessage): Promise<void>
  /** Once: the agent broke the protocol, or a handler threw. Not when the session is lost. */
  onFailure(error: SallyportError): void
}

export interface ControlChannel {
  send(message: RelayMessage): void
}

export function createControlChannel(options: ControlChannelOptions): ControlChannel {
  const duplex = streamAsDuplex(options.stream)
  duplex.on('error', () => {})
  const reader = new ControlMessageReader(parseAgentMessage)

  async function readAll(): Promise<void> {
    // Not destroyed when a message is wrong: the agent is still to be told.
    const chunks: AsyncIterable<Buffer> = duplex.iterator({ destroyOnReturn: false })
    for await (const chunk of chunks) {
      for (const message of reader.push(chunk)) await options.onMessage(message)
    }
    throw new SallyportError('SP_PROTOCOL', 'the agent ended its control stream')
  }

  readAll().catch((error: unknown) => {
    if (duplex.errored && error === duplex.errored) return
    options.onFailure(
      isSallyportError(error)
        ? error
        : new SallyportError('SP_INTERNAL', 'a control message could not be handled', {
            cause: error,
          }),
    )
  })

  return {
    send(message) {
      if (duplex.destroyed) return
      duplex.write(encodeControlMessage(message))
      if (duplex.writableLength <= maxControlQueueBytes) return
      options.onFailure(
        new SallyportError('SP_PROTOCOL', 'the agent does not read its control stream'),
      )
    },
  }
}
