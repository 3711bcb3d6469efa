// Where in the page one is, as it stands in the address.
import { useLayoutEffect, useState } from 'preact/hooks'

export type Route =
  | { readonly view: 'requests'; readonly id?: string }
  | { readonly view: 'compare'; readonly id: string; readonly other: string }
  | { readonly view: 'connections' }
  | { readonly view: 'status' }

export function parseRoute(hash: string): Route {
  const [view, id, other] = hash.replace(/^#\//, '').split('/')
  if (view === 'connections' || view === 'status') return { view }
  if (view === 'compare' && id && other) return { view, id, other }
  return id ? { view: 'requests', id } : { view: 'requests' }
}

export function useRoute(): Route {
  const [route, setRoute] = useState(() => parseRoute(location.hash))
  useLayoutEffect(() => {
    const onChange = (): void => setRoute(parseRoute(location.hash))
    addEventListener('hashchange', onChange)
    return () => removeEventListener('hashchange', onChange)
  }, [])
  return route
}

/**
 * At once, so that the next key finds the new view. `isStep`: one of many, not worth a place in the
 * history.
 */
export function go(path: string, isStep = false): void {
  if (isStep) history.replaceState(null, '', `#/${path}`)
  else history.pushState(null, '', `#/${path}`)
  dispatchEvent(new HashChangeEvent('hashchange'))
}
