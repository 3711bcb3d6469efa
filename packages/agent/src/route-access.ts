// Who may visit, by address: what --allow-from and --deny-from say for every route that says nothing of
// its own. The relay keeps to it (docs/protocol.md §5): here visitors have no address but its word.
import { type AccessList, badInput, maxNetworksPerRoute } from '@sallyport/protocol'
import type { RouteRequest } from './route-book.ts'

/** @throws {SallyportError} SP_USAGE for too many networks. */
export function withAccess(
  routes: readonly RouteRequest[],
  usual: AccessList,
): readonly RouteRequest[] {
  const isUsual = usual.allow.length + usual.deny.length > 0
  return routes.map((route) => {
    const access = route.access ?? (isUsual ? usual : undefined)
    if (!access) return route
    for (const [flag, { length }] of [
      ['--allow-from', access.allow],
      ['--deny-from', access.deny],
    ] as const) {
      if (length <= maxNetworksPerRoute) continue
      throw badInput('SP_USAGE', {
        what: 'networks of one route',
        where: flag,
        value: String(length),
        right: `at most ${maxNetworksPerRoute}`,
      })
    }
    return { ...route, access }
  })
}
