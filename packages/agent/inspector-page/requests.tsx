// The first view: the filter, the list, and what is selected beside it (on a phone: in its place).
import type { JSX } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { ExchangeSummary } from '../src/inspector/wire.ts'
import { ExchangePane } from './exchange-pane.tsx'
import { FilterBar, noFilter, queryOf } from './filter-bar.tsx'
import { hasModifier, isTyping } from './keyboard.ts'
import { type Live, useLive } from './live.ts'
import { RequestList } from './request-list.tsx'
import { go } from './route.ts'
import type { Say } from './saying.ts'
import { ask, save } from './session.ts'

interface Properties {
  readonly id: string | undefined
  readonly say: Say
  readonly onTokenRefused: () => void
}

export function Requests({ id, say, onTokenRefused }: Properties): JSX.Element {
  const [filter, setFilter] = useState(noFilter)
  const query = useLater(queryOf(filter))
  const live = useLive(query, onTokenRefused)
  const [chosen, setChosen] = useState<string>()
  const { exchanges } = live
  useListKeys(exchanges, id)
  const compare = (own: string): void => {
    if (chosen === undefined) {
      setChosen(own)
      say('Now choose the other request')
    } else if (chosen === own) setChosen(undefined)
    else go(`compare/${chosen}/${own}`)
  }
  const clear = (): void => {
    go('requests')
    setChosen(undefined)
    void ask('/api/requests/http', { method: 'DELETE' })
  }
  const summary = exchanges.find((exchange) => exchange.id === id)
  return (
    <div class="requests" data-open={id !== undefined}>
      <section class="left" aria-label="List">
        <FilterBar values={filter} problem={live.problem} onChange={setFilter} />
        <p class="bar">
          <LiveMark live={live} isFiltered={query !== ''} />
          <button
            type="button"
            class="quiet"
            onClick={() => void save(`/api/har?${query}`, 'sallyport.har')}
          >
            Export HAR
          </button>
          <button type="button" class="quiet" onClick={clear}>
            Clear all
          </button>
        </p>
        {exchanges.length === 0 ? (
          <Empty live={live} isFiltered={query !== ''} />
        ) : (
          <RequestList
            exchanges={exchanges}
            selected={id}
            chosen={chosen}
            hrefOf={(row) => `#/requests/${row}`}
          />
        )}
      </section>
      <section class="right" aria-label="Request">
        {id === undefined ? (
          <p class="empty">Choose a request to see what is in it.</p>
        ) : (
          <ExchangePane
            key={id}
            id={id}
            version={versionOf(summary)}
            isChosen={chosen === id}
            isChoosing={chosen !== undefined}
            say={say}
            onCompare={compare}
          />
        )}
      </section>
    </div>
  )
}

/** Changes whenever there is more to see of the exchange. */
function versionOf(summary: ExchangeSummary | undefined): string {
  if (!summary) return ''
  return [summary.status, summary.durationMs, summary.responseBytes].join()
}

function LiveMark({
  live: { state, exchanges },
  isFiltered,
}: {
  readonly live: Live
  readonly isFiltered: boolean
}): JSX.Element {
  const count = `${exchanges.length}${exchanges.length === 500 ? '+' : ''}`
  const what = isFiltered ? (exchanges.length === 1 ? 'match' : 'matches') : 'requests'
  const text = { connecting: 'connecting', live: `${count} ${what}`, lost: 'the agent is away' }
  return (
    <span class={`live ${state}`} role="status">
      {text[state]}
    </span>
  )
}

function Empty({
  live: { state, problem },
  isFiltered,
}: {
  readonly live: Live
  readonly isFiltered: boolean
}): JSX.Element | null {
  if (state !== 'live' || problem !== undefined) return null
  return (
    <p class="empty">
      {isFiltered
        ? 'No request matches the filter.'
        : 'Requests appear here as visitors make them.'}
    </p>
  )
}

const typingMs = 150

/** The value, once it has stood still. */
function useLater(value: string): string {
  const [later, setLater] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setLater(value), typingMs)
    return () => clearTimeout(timer)
  }, [value])
  return later
}

function useListKeys(exchanges: readonly ExchangeSummary[], id: string | undefined): void {
  const now = useRef({ exchanges, id })
  now.current = { exchanges, id }
  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (hasModifier(event)) return
      const { exchanges: rows, id: selected } = now.current
      if (event.key === 'Escape' && !event.defaultPrevented && !isInDialog(event)) {
        if (within(event, '.filters')) document.getElementById('filter-path')?.blur()
        if (selected !== undefined) {
          go('requests')
          requestAnimationFrame(() => document.getElementById(`row-${selected}`)?.focus())
        }
        return
      }
      if (isTyping(event)) return
      const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key]
      if (step !== undefined && !isReading(event)) {
        const at = rows.findIndex((row) => row.id === selected)
        const next = rows[at === -1 ? 0 : at + step]
        event.preventDefault()
        if (!next) return
        go(`requests/${next.id}`, selected !== undefined)
        document.getElementById(`row-${next.id}`)?.focus()
      } else if (event.key === '/') {
        event.preventDefault()
        document.getElementById('filter-path')?.focus()
      } else if (event.key === 'Enter' && isOnSelected(event, selected)) {
        event.preventDefault()
        document.getElementById('exchange')?.focus()
      }
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [])
}

const within = (event: KeyboardEvent, selector: string): boolean =>
  event.target instanceof Element && event.target.closest(selector) !== null

const isInDialog = (event: KeyboardEvent): boolean => within(event, 'dialog, .edit')

/** Arrows scroll what is being read; letters still step. */
const isReading = (event: KeyboardEvent): boolean =>
  event.key.startsWith('Arrow') && within(event, '.right')

const isOnSelected = (event: KeyboardEvent, selected: string | undefined): boolean =>
  selected !== undefined && within(event, `#row-${selected}`)
