// Whether the origins answer: looked up once at start, where that can be done without a dial, and
// told on every change that visits show; with the ports that are served in its place.
import { type Target, formatTarget } from '@sallyport/protocol'
import type { AgentEvents } from './events.ts'
import { type FindListener, type ListListeners, isHere, listeningHere } from './find-listener.ts'

export interface OriginHealthOptions {
  readonly findListener: FindListener
  readonly listListeners: ListListeners
  readonly onChange: (change: AgentEvents['origin']) => void
}

export class OriginHealth {
  readonly #options: OriginHealthOptions
  /** Targets that refuse, and whether people have been told. */
  readonly #refusing = new Map<string, { isTold: boolean }>()

  constructor(options: OriginHealthOptions) {
    this.#options = options
  }

  /** Says so when nothing listens at the target. Never rejects. */
  async check(target: Target): Promise<void> {
    const listens = await this.#options.findListener(target)
    if (listens === false) this.refused(target, `nothing listens at ${formatTarget(target)}`)
  }

  answered(target: Target): void {
    // On the way of every visit: mostly there is nothing to look up.
    if (this.#refusing.size === 0) return
    const name = formatTarget(target)
    const refusal = this.#refusing.get(name)
    if (!refusal) return
    this.#refusing.delete(name)
    if (!refusal.isTold) return
    const message = `origin ${name} answers again`
    this.#options.onChange({ target: name, state: 'answering', message })
  }

  refused(target: Target, message: string): void {
    const name = formatTarget(target)
    if (this.#refusing.has(name)) return
    const refusal = { isTold: false }
    this.#refusing.set(name, refusal)
    const tell = (ports: readonly number[] | undefined): void => {
      // It may have answered meanwhile.
      if (this.#refusing.get(name) !== refusal) return
      refusal.isTold = true
      const advice = `visitors are refused until something does${listeningHere(ports)}`
      this.#options.onChange({ target: name, state: 'refused', message: `${message}: ${advice}` })
    }
    if (isHere(target)) void this.#options.listListeners().then(tell)
    else tell(undefined)
  }
}
