// A name to addresses, as a hop. An address is its own.
import { SallyportError, isIp } from '@sallyport/protocol'
import { systemErrorCode } from '../relay-failure.ts'
import { whyHopMs } from '../limits.ts'
import type { WhyWorld } from './why-world.ts'
import { within } from './within.ts'

/** @throws {SallyportError} SP_DNS_RECORD. */
export async function findAddresses(host: string, world: WhyWorld): Promise<readonly string[]> {
  if (isIp(host)) return [host]
  const failed = (why: string, cause?: unknown): SallyportError =>
    new SallyportError('SP_DNS_RECORD', `${host} ${why}`, { cause })
  return await within(
    world.clock,
    whyHopMs,
    () => failed(`was not resolved within ${whyHopMs / 1000} s`),
    ({ resolve, reject }) => {
      void world.resolve(host).then(
        (addresses) =>
          addresses.length > 0 ? resolve(addresses) : reject(failed('has no address')),
        (error: unknown) =>
          reject(
            failed(`does not resolve (${systemErrorCode(error) ?? 'no reason given'})`, error),
          ),
      )
      return undefined
    },
  )
}
