// Listening on a port, with the refusals of the system as errors of ours.
import type { Server } from 'node:net'
import { SallyportError, formatHostPort } from '@sallyport/protocol'
import { setAcceptedOptions } from './accepted-options.ts'
import { listenBacklog } from './limits.ts'
import { hasCode } from './system-error.ts'

function nextStep(cause: unknown): string {
  if (hasCode(cause, 'EADDRINUSE')) {
    return '; another program has it: take another port, or end it (ss -ltnp shows it)'
  }
  if (!hasCode(cause, 'EACCES')) return ''
  return '; take a port above 1023, or give the program CAP_NET_BIND_SERVICE'
}

/**
 * Listens; `host` '' is every interface, port 0 is for the system to pick.
 * @returns the port.
 * @throws {SallyportError} of `code` when the system refuses.
 */
export async function listen(
  server: Server,
  host: string,
  port: number,
  code: 'SP_PORT_TAKEN' | 'SP_ADDRESS_TAKEN',
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen({ port, backlog: listenBacklog, ...(host === '' ? {} : { host }) }, resolve)
  try {
    await promise
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    const where = formatHostPort(host, port)
    throw new SallyportError(code, `cannot listen on ${where}: ${why}${nextStep(cause)}`, { cause })
  } finally {
    server.off('error', reject)
  }
  setAcceptedOptions(server)
  // What accept(2) reports from now on (out of descriptors) concerns one caller, who sees it himself.
  server.on('error', () => {})
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : port
}
