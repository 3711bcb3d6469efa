// Looks on at the answers of origins for those of development servers that refuse the public name, and
// tells of each server once. It reads the beginning of few bodies, and holds nothing up.
import type { PublicRoute } from '../events.ts'
import type { ExchangeObserver, ExchangeTap, TappedRequest, TappedResponse } from '../http/index.ts'
import { doctorBodyBytes } from '../limits.ts'
import { type Advice, type PublicAddress, adviseOn, isTelling } from './dev-server.ts'

export interface DoctorOptions {
  /** Where visitors of the target come; undefined: it has no public address. */
  readonly addressOf: (target: string) => PublicAddress | undefined
  readonly onAdvice: (advice: Advice & { readonly target: string }) => void
}

export class DoctorTap implements ExchangeTap {
  readonly #options: DoctorOptions
  readonly #told = new Set<string>()

  constructor(options: DoctorOptions) {
    this.#options = options
  }

  begin({ target: path, targetLabel }: TappedRequest): ExchangeObserver {
    return new AnswerReader((status, body) => this.#look(targetLabel, { status, path, body }))
  }

  #look(target: string, answer: Parameters<typeof adviseOn>[0]): void {
    const address = this.#options.addressOf(target)
    const advice = address && adviseOn(answer, address)
    if (!advice) return
    const key = JSON.stringify([target, advice.line])
    if (this.#told.has(key)) return
    this.#told.add(key)
    this.#options.onAdvice({ target, ...advice })
  }
}

/** `<`: of good answers only pages are read. What is compressed is no text, and matches nothing. */
const lessThan = 0x3c

/** Keeps the beginning of an answer, where its status may tell anything. */
class AnswerReader implements ExchangeObserver {
  readonly #onBody: (status: number, body: string) => void
  #status = 0
  #body = ''

  constructor(onBody: (status: number, body: string) => void) {
    this.#onBody = onBody
  }

  onResponseHead({ status }: TappedResponse): void {
    this.#status = isTelling(status) ? status : 0
  }

  onResponseBody(bytes: Buffer, start: number, end: number): void {
    if (this.#status === 0 || start === end) return
    if (this.#body === '' && this.#status === 200 && bytes[start] !== lessThan) {
      this.#status = 0
      return
    }
    const room = doctorBodyBytes - this.#body.length
    this.#body += bytes.toString('latin1', start, Math.min(end, start + room))
    // Of a good page its head will do.
    if (this.#body.length >= doctorBodyBytes || this.#status === 200) this.#finish()
  }

  onEnd(): void {
    this.#finish()
  }

  #finish(): void {
    if (this.#status === 0) return
    const status = this.#status
    this.#status = 0
    this.#onBody(status, this.#body)
    this.#body = ''
  }
}

/** Where visitors of a target come: its first https route; of a target for a path, the first of all. */
export function addressOfTarget(
  routes: readonly PublicRoute[],
  target: string,
): PublicAddress | undefined {
  const pages = routes.filter(({ url }) => url.startsWith('https:'))
  const route = pages.find((one) => one.target === target) ?? pages[0]
  const url = route && new URL(route.url)
  return url && { host: url.hostname, origin: url.origin, port: Number(url.port) || httpsPort }
}

const httpsPort = 443

/** Several that look on at the same exchanges. */
export function joinTaps(...taps: readonly (ExchangeTap | undefined)[]): ExchangeTap {
  const present = taps.filter((tap) => tap !== undefined)
  const [only, ...others] = present
  if (only === undefined) return { begin: () => undefined }
  if (others.length === 0) return only
  return {
    begin: (request) => joinObservers(present.map((tap) => safely(() => tap.begin(request)))),
  }
}

function joinObservers(observers: readonly (ExchangeObserver | undefined)[]): ExchangeObserver {
  const all = observers.filter((one) => one !== undefined)
  const tell = (call: (observer: ExchangeObserver) => void): void => {
    for (const one of all) safely(() => call(one))
  }
  return {
    onRequestBody: (...range) => tell((one) => one.onRequestBody?.(...range)),
    onRequestEnd: () => tell((one) => one.onRequestEnd?.()),
    onResponseHead: (response) => tell((one) => one.onResponseHead?.(response)),
    onResponseBody: (...range) => tell((one) => one.onResponseBody?.(...range)),
    onWebSocket: (...event) => tell((one) => one.onWebSocket?.(...event)),
    onEnd: (outcome) => tell((one) => one.onEnd?.(outcome)),
  }
}

/** What one tap throws is not the other's affair. */
function safely<T>(call: () => T): T | undefined {
  try {
    return call()
  } catch {
    return undefined
  }
}
