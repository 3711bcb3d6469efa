// How many routes an agent may ask for.
import { badInput, maxRoutesPerAgent } from '@sallyport/protocol'
import type { RouteRequest } from './route-book.ts'

/** @throws {SallyportError} SP_USAGE for too many routes. */
export function checkRoutes(routes: readonly RouteRequest[]): void {
  if (routes.length <= maxRoutesPerAgent) return
  throw badInput('SP_USAGE', {
    what: 'routes',
    where: '--url and -R',
    value: String(routes.length),
    right: `at most ${maxRoutesPerAgent}`,
  })
}
