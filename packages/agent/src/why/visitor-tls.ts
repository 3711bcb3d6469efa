// A visitor's TLS handshake with a public name, whatever its certificate: what is wrong with that is
// told, not refused.
import type { Socket } from 'node:net'
import { type TLSSocket, connect } from 'node:tls'
import { SallyportError, formatHost, isHostName } from '@sallyport/protocol'
import { whyHopMs } from '../limits.ts'
import { causeOf, systemErrorCode } from '../relay-failure.ts'
import type { PublicPlace } from './public-url.ts'
import type { WhyWorld } from './why-world.ts'
import { within } from './within.ts'

/** The alert `unrecognized_name` (RFC 6066 §3) as Node spells it: the relay knows no such route. */
const unknownName = /UNRECOGNIZED_NAME/

/** @throws {SallyportError} SP_NO_AGENT, SP_UNREACHABLE. */
export async function greet(
  socket: Socket,
  { kind, host }: PublicPlace,
  { clock }: WhyWorld,
): Promise<TLSSocket> {
  const late = (): Error =>
    new SallyportError('SP_UNREACHABLE', `no TLS with ${host} within ${whyHopMs / 1000} s`)
  return await within<TLSSocket>(clock, whyHopMs, late, ({ resolve, reject }) => {
    // Node takes `allowHalfOpen` here, its declarations do not know it.
    const tls = connect({
      socket,
      host,
      rejectUnauthorized: false,
      ...(kind === 'https' && { ALPNProtocols: ['http/1.1'] }),
      // RFC 6066 §3: no addresses in SNI.
      ...(isHostName(host) && { servername: host }),
    })
    tls.once('secureConnect', () => resolve(tls))
    tls.on('error', (error: Error) => {
      const code = systemErrorCode(error) ?? ''
      const failure = unknownName.test(code)
        ? new SallyportError('SP_NO_AGENT', `the relay knows nobody who serves ${formatHost(host)}`)
        : new SallyportError('SP_UNREACHABLE', `${host}: ${causeOf(error)}`, { cause: error })
      reject(failure)
    })
    tls.once('close', () =>
      reject(new SallyportError('SP_UNREACHABLE', `${host}: it broke the connection off`)),
    )
    return undefined
  })
}
