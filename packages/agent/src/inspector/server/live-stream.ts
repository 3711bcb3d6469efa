// One page that looks on: first everything that its filter lets through, then changes, told together a
// few times a second. A page that does not read is dropped; it comes again and gets a fresh start.
import type { ServerResponse } from 'node:http'
import type { Timer } from '@sallyport/mux'
import type { Exchange } from '../exchange.ts'
import { summarize } from '../exchange-view.ts'
import { type ExchangeFilter, matches } from '../filter.ts'
import type { Inspector } from '../inspector.ts'
import { listedExchanges, maxWatcherBacklog, tellIntervalMs } from '../limits.ts'
import type { LiveMessage } from '../wire.ts'
import { startLines } from './respond.ts'

/** Silence after which it says that it is there: half of what a page takes for gone. */
const aliveMs = 5_000

export function startLiveStream(
  response: ServerResponse,
  inspector: Inspector,
  filter: ExchangeFilter,
): void {
  const { clock, exchanges } = inspector
  const changed = new Map<string, Exchange>()
  let telling: Timer | undefined
  let alive: Timer

  const write = (message: LiveMessage): void => {
    response.write(`${JSON.stringify(message)}\n`)
    if (response.writableLength > maxWatcherBacklog) response.destroy()
  }
  const tell = (): void => {
    telling = undefined
    // More than the list shows: the newest.
    const told = [...changed.values()].slice(-listedExchanges)
    changed.clear()
    write({
      type: 'changed',
      exchanges: told
        .filter((exchange) => matches(exchange, filter))
        .map((exchange) => summarize(exchange, inspector)),
      gone: told.filter((exchange) => !matches(exchange, filter)).map(({ id }) => id),
    })
  }
  const sayAlive = (): void => {
    write({ type: 'alive' })
    alive = clock.setTimeout(sayAlive, aliveMs)
  }

  startLines(response)
  write({
    type: 'snapshot',
    exchanges: exchanges
      .newestFirst()
      .filter((exchange) => matches(exchange, filter))
      .slice(0, listedExchanges)
      .map((exchange) => summarize(exchange, inspector)),
    held: exchanges.size,
  })
  alive = clock.setTimeout(sayAlive, aliveMs)
  const unlisten = exchanges.listen({
    changed(exchange) {
      changed.set(exchange.id, exchange)
      telling ??= clock.setTimeout(tell, tellIntervalMs)
    },
    cleared() {
      changed.clear()
      write({ type: 'cleared' })
    },
  })
  response.on('error', () => {})
  response.once('close', () => {
    unlisten()
    clock.clearTimeout(alive)
    if (telling) clock.clearTimeout(telling)
  })
}
