// What the status block knows: routes, state, latency, visitors, last requests. Told by the agent's events
// and by a tap; asks nobody. How it looks is status-lines.ts's.
import type { Clock } from '@sallyport/mux'
import type { AgentEvent, PublicRoute } from '../events.ts'
import type { ExchangeObserver, ExchangeTap, TappedRequest } from '../http/index.ts'
import { shownRequests } from '../limits.ts'

export type BoardState =
  | { readonly name: 'connecting' | 'online' | 'draining' }
  | { readonly name: 'away'; readonly why: string }

/** A request, or a visit of a raw route. */
export interface BoardEntry {
  /** GET; of a visit the kind of its route: tcp. */
  readonly what: string
  /** The path; of a visit who came. */
  readonly where: string
  /** Undefined while there is no answer. */
  status: number | 'ended' | 'broken' | undefined
  /** From beginning to end, ms; undefined while it goes on. */
  ms: number | undefined
}

export interface BoardView {
  readonly state: BoardState
  readonly routes: readonly PublicRoute[]
  readonly roundTripMs: number | undefined
  readonly visitors: number
  readonly visits: number
  /** The newest last. */
  readonly entries: readonly BoardEntry[]
}

export interface StatusBoardOptions {
  readonly clock: Pick<Clock, 'now'>
  readonly agent: { readonly roundTripMs: number | undefined; readonly visitors: number }
  /** Something that is shown is another now. */
  readonly onChange: () => void
}

export class StatusBoard implements ExchangeTap {
  readonly #options: StatusBoardOptions
  readonly #entries: BoardEntry[] = []
  #state: BoardState = { name: 'connecting' }
  #routes: readonly PublicRoute[] = []
  #visits = 0

  constructor(options: StatusBoardOptions) {
    this.#options = options
  }

  get view(): BoardView {
    const { roundTripMs, visitors } = this.#options.agent
    return {
      state: this.#state,
      routes: this.#routes,
      roundTripMs,
      visitors,
      visits: this.#visits,
      entries: this.#entries,
    }
  }

  onEvent(event: AgentEvent): void {
    switch (event.event) {
      case 'ready':
        this.#state = { name: 'online' }
        this.#routes = event.routes
        break
      case 'lost':
      case 'reconnecting':
        this.#state = { name: 'away', why: event.message }
        break
      case 'draining':
        if (event.by === 'agent') this.#state = { name: 'draining' }
        break
      case 'visit':
        this.#onVisit(event)
        break
      case 'advice':
      case 'certificate':
      case 'certificate-failed':
      case 'inspecting':
      case 'knock':
      case 'notice':
      case 'origin':
      case 'refused':
      case 'stopped':
        // Lines above the block say it.
        return
    }
    this.#options.onChange()
  }

  begin({ method, target }: TappedRequest): ExchangeObserver {
    const { clock, onChange } = this.#options
    const entry: BoardEntry = { what: method, where: target, status: undefined, ms: undefined }
    const startMs = clock.now()
    this.#add(entry)
    onChange()
    return {
      onResponseHead: ({ status }) => {
        entry.status = status
        onChange()
      },
      onEnd: ({ error }) => {
        if (error) entry.status ??= 'broken'
        entry.ms = clock.now() - startMs
        onChange()
      },
    }
  }

  /** Of https routes the requests are shown. */
  #onVisit({
    route,
    visitor = 'somebody',
    durationMs,
    message,
  }: AgentEvent & { event: 'visit' }): void {
    this.#visits += 1
    const url = this.#routes.find(({ id }) => id === route)?.url
    if (url === undefined || url.startsWith('https:')) return
    const what = url.slice(0, url.indexOf(':'))
    const status = message === undefined ? 'ended' : 'broken'
    this.#add({ what, where: visitor, status, ms: durationMs })
  }

  #add(entry: BoardEntry): void {
    this.#entries.push(entry)
    if (this.#entries.length > shownRequests) this.#entries.shift()
  }
}
