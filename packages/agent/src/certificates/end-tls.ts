// Ends a visitor's TLS at the agent: reads the ClientHello, puts it back, and answers with this agent's
// own certificate, or an authority's challenge with its. A visitor who comes before the first certificate
// is there waits for it.
import { type SecureContext, TLSSocket } from 'node:tls'
import { type MuxStream, streamAsDuplex } from '@sallyport/mux'
import { ClientHelloReader, SallyportError, acmeAlpn, isSallyportError } from '@sallyport/protocol'
import type { OwnCertificates } from './own-certificates.ts'

export interface EndTlsOptions {
  readonly stream: MuxStream
  /** The route's. */
  readonly name: string
  readonly certificates: Pick<OwnCertificates, 'contextOf' | 'challengeContextOf' | 'onChange'>
}

export interface EndTlsEvents {
  /** The handshake is over; nobody has read. */
  secured(socket: TLSSocket, sni: string | undefined): void
  /** It was an authority, and has what it came for. */
  challenged(): void
  failed(error: SallyportError): void
}

/** One callback at most comes, and none after `cancel`. */
export function endTls(options: EndTlsOptions, events: EndTlsEvents): { cancel(): void } {
  const { stream, name, certificates } = options
  const reader = new ClientHelloReader()
  let waiting: Disposable | undefined
  let socket: TLSSocket | undefined
  let isOver = false

  const over = (tell: () => void): void => {
    if (isOver) return
    isOver = true
    waiting?.[Symbol.dispose]()
    tell()
  }
  const fail = (error: SallyportError): void =>
    over(() => {
      socket?.destroy()
      events.failed(error)
    })

  function onHello(alpn: readonly string[], sni: string | undefined): void {
    const isChallenge = alpn.includes(acmeAlpn)
    const find = (): SecureContext | undefined =>
      isChallenge ? certificates.challengeContextOf(name) : certificates.contextOf(name)
    const context = find()
    if (context) shake(context, isChallenge, sni)
    else if (isChallenge) fail(new SallyportError('SP_ACME', `no challenge of ${name} is open`))
    else {
      waiting = certificates.onChange(() => {
        const found = isOver ? undefined : find()
        if (!found) return
        waiting?.[Symbol.dispose]()
        shake(found, false, sni)
      })
    }
  }

  function shake(
    secureContext: SecureContext,
    isChallenge: boolean,
    sni: string | undefined,
  ): void {
    stream.accept()
    const shaking = new TLSSocket(streamAsDuplex(stream), {
      isServer: true,
      secureContext,
      ALPNCallback: ({ protocols }: { protocols: readonly string[] }) =>
        (isChallenge ? [acmeAlpn] : ['h2', 'http/1.1']).find((one) => protocols.includes(one)),
    })
    socket = shaking
    const onError = (error: Error): void =>
      fail(new SallyportError('SP_STREAM_RESET', `TLS with the visitor: ${error.message}`))
    const onClose = (): void => onError(new Error('it left in the handshake'))
    shaking.on('error', onError)
    shaking.once('close', onClose)
    shaking.once('secure', () => {
      shaking.off('close', onClose)
      over(() => {
        if (!isChallenge) return events.secured(shaking, sni)
        // The handshake is the answer (RFC 8737 §3).
        shaking.end()
        shaking.resume()
        return events.challenged()
      })
    })
  }

  stream.receive({
    onData(chunk) {
      try {
        const hello = reader.push(chunk)
        if (!hello) return
        stream.putBack(reader.bytes)
        stream.receive({ onReset: fail })
        onHello(hello.alpn, hello.sni)
      } catch (error) {
        if (!isSallyportError(error)) throw error
        fail(error)
      }
    },
    onEnd: () => fail(new SallyportError('SP_PROTOCOL', 'a visitor without a ClientHello')),
    onReset: fail,
  })

  return {
    cancel: () =>
      over(() => {
        socket?.destroy()
      }),
  }
}
