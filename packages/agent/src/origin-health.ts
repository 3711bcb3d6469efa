// Whether the origins answer: looked up once at start, where that can be done without a dial, and
// told on every change that visits show.
import { type Target, formatTarget } from '@sallyport/protocol'
import type { AgentEvents } from './events.ts'
import type { FindListener } from './find-listener.ts'

export class OriginHealth {
  readonly #onChange: (change: AgentEvents['origin']) => void
  /** Targets of which people have been told that they refuse. */
  readonly #refusing = new Set<string>()

  constructor(onChange: (change: AgentEvents['origin']) => void) {
    this.#onChange = onChange
  }

  /** Says so when nothing listens at the target. Never rejects. */
  async check(target: Target, findListener: FindListener): Promise<void> {
    const listens = await findListener(target)
    if (listens === false) this.refused(target, `nothing listens at ${formatTarget(target)}`)
  }

  answered(target: Target): void {
    // On the way of every visit: mostly there is nothing to look up.
    if (this.#refusing.size === 0) return
    const name = formatTarget(target)
    if (!this.#refusing.delete(name)) return
    this.#onChange({ target: name, state: 'answering', message: `origin ${name} answers again` })
  }

  refused(target: Target, message: string): void {
    const name = formatTarget(target)
    if (this.#refusing.has(name)) return
    this.#refusing.add(name)
    const advice = 'visitors are refused until something does'
    this.#onChange({ target: name, state: 'refused', message: `${message}: ${advice}` })
  }
}
