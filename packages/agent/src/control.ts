// The agent's end of the control stream (docs/protocol.md §5): sends hello and register with the
// stream's first bytes, so that registering costs one round trip, and reads what the relay says.
// What the messages mean is relay-link.ts's and agent.ts's.
import type { MuxStream, Session } from '@sallyport/mux'
import {
  ControlMessageReader,
  type ErrorCode,
  type HelloMessage,
  type NoticeMessage,
  type RegisterMessage,
  type RegisteredMessage,
  type RelayMessage,
  SallyportError,
  encodeControlMessage,
  isSallyportError,
  parseRelayMessage,
} from '@sallyport/protocol'

export interface ControlEvents {
  /** Every route that was asked for has been granted; again for each `sendRegister`. */
  registered(routes: RegisteredMessage['routes']): void
  /** A change of routes was refused; everything is as it was. */
  refused(notice: NoticeMessage): void
  notice(notice: NoticeMessage): void
  /** The relay takes no new visitors for this session. */
  draining(): void
  /** The stream is of no further use, and so is the session. */
  failed(error: SallyportError): void
}

export interface Control {
  /** Asks the relay for no more visitors. */
  sendDraining(): void
  /** Tells whether the origin of a route answers. */
  sendHealth(route: string, alive: boolean): void
  /** Asks for other routes; those that are missing are given up. */
  sendRegister(register: RegisterMessage): void
}

/** With these the relay answers a change of routes that it refuses. */
const changeRefusals: ReadonlySet<ErrorCode> = new Set([
  'SP_NOT_PERMITTED',
  'SP_ROUTE_HELD',
  'SP_PORT_TAKEN',
])

/** Opens the session's first stream. Calls back never before it returns. */
export function openControl(
  session: Session,
  hello: HelloMessage,
  register: RegisterMessage,
  events: ControlEvents,
): Control {
  const reader = new ControlMessageReader(parseRelayMessage)
  /** Asked for and not answered, in order. */
  const asked: RegisterMessage[] = [register]
  let isRegistered = false
  let isOver = false

  const fail = (error: SallyportError): void => {
    if (isOver) return
    isOver = true
    events.failed(error)
  }
  const take = (message: RelayMessage): void => {
    switch (message.type) {
      case 'registered': {
        const request = asked.shift()
        if (!request) return fail(broken('a second registered message'))
        if (!grantsAll(request, message)) return fail(broken('registered other routes than asked'))
        isRegistered = true
        events.registered(message.routes)
        return
      }
      case 'notice':
        if (
          isRegistered &&
          asked.length > 0 &&
          !message.fatal &&
          changeRefusals.has(message.code)
        ) {
          asked.shift()
          events.refused(message)
        } else events.notice(message)
        return
      case 'draining':
        events.draining()
        return
    }
  }

  const stream: MuxStream = session.open(
    Buffer.concat([encodeControlMessage(hello), encodeControlMessage(register)]),
    {
      onData: (chunk) => {
        stream.consumed(chunk.length)
        try {
          for (const message of reader.push(chunk)) if (!isOver) take(message)
        } catch (error) {
          if (!isSallyportError(error)) throw error
          fail(error)
        }
      },
      onEnd: () => fail(broken('the relay ended the control stream')),
      onReset: () => fail(broken('the relay reset the control stream')),
    },
  )
  return {
    sendDraining() {
      if (!isOver) stream.write(encodeControlMessage({ type: 'draining' }))
    },
    sendHealth(route, alive) {
      if (!isOver) stream.write(encodeControlMessage({ type: 'health', route, alive }))
    },
    sendRegister(message) {
      if (isOver) return
      asked.push(message)
      stream.write(encodeControlMessage(message))
    },
  }
}

function grantsAll({ routes }: RegisterMessage, registered: RegisteredMessage): boolean {
  const granted = new Set(registered.routes.map(({ id }) => id))
  return routes.length === granted.size && routes.every(({ id }) => granted.has(id))
}

function broken(what: string): SallyportError {
  return new SallyportError('SP_PROTOCOL', what)
}
