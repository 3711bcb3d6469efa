// Listening on a port, with the refusals of the system as errors of ours.
import type { Server } from 'node:net'
import { SallyportError, formatHostPort } from '@sallyport/protocol'
import { listenBacklog } from './limits.ts'

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
    throw new SallyportError(code, `cannot listen on ${where}: ${why}`, { cause })
  } finally {
    server.off('error', reject)
  }
  // What accept(2) reports from now on (out of descriptors) concerns one caller, who sees it himself.
  server.on('error', () => {})
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : port
}
