// What is accepted in form and does not work in this release: refused in one line, never ignored.
import { SallyportError, maxRoutesPerAgent, badInput } from '@sallyport/protocol'
import type { RouteRequest } from './route-book.ts'

export function notYet(what: string): SallyportError {
  return new SallyportError('SP_USAGE', `${what} does not work in this release yet: leave it out`)
}

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
