// The frame: what is where, and the keys that work everywhere.
import type { JSX } from 'preact'
import { useCallback, useLayoutEffect, useState } from 'preact/hooks'
import { Compare } from './compare.tsx'
import { Connections } from './connections.tsx'
import { Help } from './help.tsx'
import { hasModifier, isTyping } from './keyboard.ts'
import { Requests } from './requests.tsx'
import { type Route, go, useRoute } from './route.ts'
import { type Say, useSaying } from './saying.ts'
import { dropToken, hasToken } from './session.ts'
import { Status } from './status.tsx'
import { TokenGate } from './token-gate.tsx'

const views = [
  ['requests', 'Requests'],
  ['connections', 'Connections'],
  ['status', 'Status'],
] as const

export function App(): JSX.Element {
  const [isKnown, setKnown] = useState(hasToken)
  const refuse = useCallback(() => {
    dropToken()
    setKnown(false)
  }, [])
  return isKnown ? <Frame onTokenRefused={refuse} /> : <TokenGate onToken={() => setKnown(true)} />
}

function Frame({ onTokenRefused }: { readonly onTokenRefused: () => void }): JSX.Element {
  const route = useRoute()
  const [isHelping, setHelping] = useState(false)
  const [said, say] = useSaying()
  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (isTyping(event) || hasModifier(event)) return
      const view = views[Number(event.key) - 1]
      if (view) go(view[0])
      else if (event.key === '?') setHelping(true)
      else return
      event.preventDefault()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [])
  return (
    <>
      <header class="top">
        <a class="name" href="#/requests">
          <svg viewBox="0 0 16 16" aria-hidden="true">
            <path d="M2 15V7a6 6 0 0 1 12 0v8h-3.2V7.6a2.8 2.8 0 0 0-5.6 0V15z" />
          </svg>
          <span>Sallyport</span>
        </a>
        <nav aria-label="Views">
          {views.map(([view, label]) => (
            <a key={view} href={`#/${view}`} aria-current={isIn(route, view) ? 'page' : undefined}>
              {label}
            </a>
          ))}
        </nav>
        <button type="button" class="quiet" aria-label="Keys" onClick={() => setHelping(true)}>
          ?
        </button>
      </header>
      <main>{viewOf(route, say, onTokenRefused)}</main>
      <p class="said" role="status" data-shown={said !== ''}>
        {said}
      </p>
      {isHelping && <Help onClose={() => setHelping(false)} />}
    </>
  )
}

function viewOf(route: Route, say: Say, onTokenRefused: () => void): JSX.Element {
  switch (route.view) {
    case 'requests':
      return <Requests id={route.id} say={say} onTokenRefused={onTokenRefused} />
    case 'compare':
      return <Compare id={route.id} other={route.other} />
    case 'connections':
      return <Connections />
    case 'status':
      return <Status />
  }
}

function isIn(route: Route, view: string): boolean {
  return route.view === view || (route.view === 'compare' && view === 'requests')
}
