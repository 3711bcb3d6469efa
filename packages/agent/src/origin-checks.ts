// Asks the origins of a pool's routes, again and again, whether they answer: by a TCP dial, or by a GET of
// a path. The relay is told of each change, and gives visitors to other members meanwhile. A visitor
// who was refused tells as much as a check.
import type { NetConnectOpts } from 'node:net'
import type { Clock, SocketEnd } from '@sallyport/mux'
import { type ErrorCode, badInput, formatHostPort } from '@sallyport/protocol'
import type { OriginDial } from './dial-origin.ts'
import { checkPreamble } from './origin-preamble.ts'
import type { DialledOrigin } from './origin.ts'
import { reachOrigin } from './reach-origin.ts'
import { checkIntervalMs, checkTimeoutMs, maxStatusLineBytes } from './limits.ts'

/** `http`: alive when a GET of the path is answered with a status below 400. */
export type OriginCheck =
  | { readonly kind: 'tcp' }
  | { readonly kind: 'http'; readonly path: string }

export interface CheckedRoute {
  readonly id: string
  readonly origin: DialledOrigin
  readonly check: OriginCheck
}

export interface OriginChecksOptions {
  readonly clock: Clock
  readonly dialSocket: (options: NetConnectOpts) => SocketEnd
  readonly routes: readonly CheckedRoute[]
}

/** Told of an origin that does not answer, or does again. */
export type OriginWatcher = (routeId: string, isAlive: boolean) => void

/** Reads `tcp`, `off` or a path. `where`: "--health-check". */
export function parseOriginCheck(
  text: string,
  where: string,
  code: ErrorCode = 'SP_USAGE',
): OriginCheck | undefined {
  if (text === 'off') return undefined
  if (text === 'tcp') return { kind: 'tcp' }
  if (/^\/[\x21-\x7e]*$/.test(text)) return { kind: 'http', path: text }
  throw badInput(code, { what: 'health check', where, value: text, right: 'tcp, off or /PATH' })
}

export class OriginChecks {
  readonly #options: OriginChecksOptions
  #routes: readonly CheckedRoute[]
  readonly #dead = new Set<string>()
  readonly #running = new Map<string, () => void>()
  readonly #watchers = new Set<OriginWatcher>()

  constructor(options: OriginChecksOptions) {
    this.#options = options
    this.#routes = options.routes
  }

  /** At first every origin counts as alive: tells of the dead ones at once, and of every change. */
  watch(watcher: OriginWatcher): () => void {
    for (const id of this.#dead) watcher(id, false)
    this.#watchers.add(watcher)
    return () => void this.#watchers.delete(watcher)
  }

  start(): void {
    for (const route of this.#routes) this.#check(route)
  }

  stop(): void {
    for (const cancel of this.#running.values()) cancel()
    this.#running.clear()
  }

  /** Other routes from now on; what was learnt of those that stay is kept, the rest counts as alive. */
  setRoutes(routes: readonly CheckedRoute[]): void {
    this.stop()
    const gone = this.#routes.filter(({ id }) => !routes.some((route) => route.id === id))
    this.#routes = routes
    for (const route of gone) this.#learn(route, true)
    this.start()
  }

  /** A visitor found the origin dead. */
  refused(origin: DialledOrigin): void {
    for (const route of this.#routes) {
      if (route.origin === origin) this.#learn(route, false)
    }
  }

  #check(route: CheckedRoute): void {
    const { clock } = this.#options
    const again = (isAlive: boolean): void => {
      this.#learn(route, isAlive)
      const timer = clock.setTimeout(() => this.#check(route), checkIntervalMs)
      this.#running.set(route.id, () => clock.clearTimeout(timer))
    }
    this.#running.set(route.id, ask(route, this.#options, again))
  }

  #learn({ id }: CheckedRoute, isAlive: boolean): void {
    if (this.#dead.has(id) === !isAlive) return
    if (isAlive) this.#dead.delete(id)
    else this.#dead.add(id)
    for (const watcher of this.#watchers) watcher(id, isAlive)
  }
}

/** One question; calls back once, and not at all after the returned function was called. */
function ask(
  { origin, check }: CheckedRoute,
  { clock, dialSocket }: OriginChecksOptions,
  answer: (isAlive: boolean) => void,
): () => void {
  let dial: OriginDial | undefined
  let end: SocketEnd | undefined
  let isOver = false
  const timer = clock.setTimeout(() => settle(false), checkTimeoutMs)
  const cancel = (): void => {
    isOver = true
    clock.clearTimeout(timer)
    dial?.cancel()
    end?.abort()
  }
  const settle = (isAlive: boolean): void => {
    if (isOver) return
    cancel()
    answer(isAlive)
  }
  const { proxyProtocol } = origin
  const preamble = proxyProtocol && checkPreamble(proxyProtocol)
  dial = reachOrigin(
    origin,
    { clock, dialSocket, preamble },
    {
      connected: (connected) => {
        end = connected
        dial = undefined
        if (check.kind === 'tcp') settle(true)
        else get(connected, origin, check.path, settle)
      },
      failed: () => settle(false),
    },
  )
  return cancel
}

/** A GET of which the first line of the answer is read. */
function get(
  end: SocketEnd,
  origin: DialledOrigin,
  path: string,
  settle: (isAlive: boolean) => void,
): void {
  let head = ''
  end.attach({
    onRead: (buffer, bytes) => {
      head += buffer.toString('latin1', 0, bytes)
      const status = /^HTTP\/1\.\d ([1-5]\d\d)/.exec(head)?.[1]
      if (status !== undefined) settle(Number(status) < 400)
      else if (head.length > maxStatusLineBytes) settle(false)
      return true
    },
    onSocketEnd: () => settle(false),
    onSocketClose: () => settle(false),
  })
  const host = origin.kind === 'unix' ? 'localhost' : formatHostPort(origin.host, origin.port)
  end.socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
}
