// The live list: one row an exchange, the newest first. Rows are links, so that whatever works with
// links works here.
import type { JSX } from 'preact'
import { memo } from 'preact/compat'
import { useEffect, useRef } from 'preact/hooks'
import type { ExchangeSummary } from '../src/inspector/wire.ts'
import { formatDuration, formatTime } from './format.ts'
import { statusText, toneOf } from './status-tone.ts'

interface Properties {
  readonly exchanges: readonly ExchangeSummary[]
  readonly selected: string | undefined
  /** The first of a comparison. */
  readonly chosen: string | undefined
  readonly hrefOf: (id: string) => string
}

export function RequestList({ exchanges, selected, chosen, hrefOf }: Properties): JSX.Element {
  const list = useRef<HTMLOListElement>(null)
  useEffect(() => {
    list.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest' })
  }, [selected])
  // One stop for the Tab key: the selected row, or else the first.
  const stop = exchanges.some(({ id }) => id === selected) ? selected : exchanges[0]?.id
  return (
    <ol class="list" ref={list} aria-label="Requests">
      {exchanges.map((exchange) => (
        <Row
          key={exchange.id}
          exchange={exchange}
          isSelected={exchange.id === selected}
          isChosen={exchange.id === chosen}
          isStop={exchange.id === stop}
          href={hrefOf(exchange.id)}
        />
      ))}
    </ol>
  )
}

interface RowProperties {
  readonly exchange: ExchangeSummary
  readonly isSelected: boolean
  readonly isChosen: boolean
  readonly isStop: boolean
  readonly href: string
}

const Row = memo(({ exchange, isSelected, isChosen, isStop, href }: RowProperties) => {
  const { id, method, target, durationMs, startedAt, replayOf, isWebSocket } = exchange
  const query = target.indexOf('?')
  const path = query === -1 ? target : target.slice(0, query)
  return (
    <li>
      <a
        href={href}
        id={`row-${id}`}
        tabIndex={isStop ? 0 : -1}
        aria-current={isSelected ? 'true' : undefined}
        data-chosen={isChosen}
      >
        <span class="method">{method}</span>
        <span class="path" title={target}>
          {replayOf !== undefined && (
            <span class="mark" title={`replay of ${replayOf}`}>
              ↻{' '}
            </span>
          )}
          {path}
          {query !== -1 && <span class="query">{target.slice(query)}</span>}
        </span>
        <span class={`status ${toneOf(exchange)}`}>{statusText(exchange)}</span>
        <span class="duration">
          {durationMs === undefined ? (isWebSocket ? 'open' : '') : formatDuration(durationMs)}
        </span>
        <time class="time" dateTime={new Date(startedAt).toISOString()}>
          {formatTime(startedAt)}
        </time>
      </a>
    </li>
  )
})
