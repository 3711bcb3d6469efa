// Visitors whom nobody knows wait until a person has said whether they may come in: one question for
// each address and public url, however many visits it makes. Bounds and paces the questions, and
// remembers the answers. Who is asked, and how, is the asker's; knows no streams and no terminal.
import type { Clock, Timer } from '@sallyport/mux'
import { SallyportError } from '@sallyport/protocol'
import type { KnownVisitors } from './known-visitors.ts'
import {
  knockBurst,
  knockEveryMs,
  knockHourMs,
  knockTimeoutMs,
  maxKnocks,
  maxRememberedVisitors,
  maxVisitsPerKnock,
  unansweredKnockMs,
} from './limits.ts'

/** Who stands before which door. */
export interface Knock {
  /** IP address, as the relay tells it. */
  readonly visitor: string
  /** What it came by: `tcp://relay.example.com:2222`. */
  readonly url: string
  /** Where it would go: `localhost:22`. */
  readonly target: string
}

export const knockAnswers = ['once', 'hour', 'always', 'deny'] as const
/** For this visit and those that wait beside it; for an hour; from now on; not for an hour. */
export type KnockAnswer = (typeof knockAnswers)[number]

/**
 * Asks somebody; undefined: there is nobody to ask. The question is void once `signal` is aborted: the
 * visitor left, or its time is over.
 */
export type AskAboutKnock = (
  knock: Knock,
  signal: AbortSignal,
) => KnockAnswer | undefined | Promise<KnockAnswer | undefined>

/** What became of a knock, and by what: limit: too many others. */
export interface KnockReport extends Knock {
  readonly answer: KnockAnswer
  readonly by: 'person' | 'timeout' | 'nobody' | 'limit'
}

export interface KnockDeskOptions {
  readonly clock: Clock
  readonly known: KnownVisitors
  readonly ask: AskAboutKnock
  /** Of a visitor; half of it is there for the answer, the rest for the dial. */
  readonly channelTimeoutMs: number
  readonly onKnock: (report: KnockReport) => void
}

/** Called once, and never before `knock` has returned: why the visitor may not come in, if so. */
export type OnKnocked = (refusal: SallyportError | undefined) => void

interface Question {
  readonly knock: Knock
  readonly waiting: Set<OnKnocked>
  readonly timer: Timer
  readonly withdrawal: AbortController
}

/** All knocks at one agent. */
export class KnockDesk {
  readonly #options: KnockDeskOptions
  readonly #questions = new Map<string, Question>()
  /** Answers that hold for a while, oldest first. */
  readonly #remembered = new Map<string, { readonly isLetIn: boolean; readonly untilMs: number }>()
  #tokens = knockBurst
  #filledMs: number
  #hasToldLimit = false
  #isClosed = false

  constructor(options: KnockDeskOptions) {
    this.#options = options
    this.#filledMs = options.clock.now()
  }

  /** Undefined: the visitor is known, let it in. Otherwise `onKnocked` will be called, unless cancelled. */
  knock(knock: Knock, onKnocked: OnKnocked): { cancel(): void } | undefined {
    const key = keyOf(knock)
    if (this.#isClosed) return later(onKnocked, 'the agent ends')
    if (this.#options.known.has(knock)) return undefined
    const remembered = this.#remembered.get(key)
    if (remembered && remembered.untilMs > this.#options.clock.now()) {
      return remembered.isLetIn ? undefined : later(onKnocked, 'it was denied a short while ago')
    }
    const open = this.#questions.get(key)
    if (open ? open.waiting.size >= maxVisitsPerKnock : !this.#mayAsk()) {
      this.#tellOfLimit(knock)
      return later(onKnocked, 'too many others knock')
    }
    const question = open ?? this.#ask(key, knock)
    question.waiting.add(onKnocked)
    return {
      cancel: () => {
        const wasLast = question.waiting.delete(onKnocked) && question.waiting.size === 0
        if (wasLast) this.#close(key, question)
      },
    }
  }

  /** Whoever waits is denied, and so is everybody from now on. */
  close(): void {
    this.#isClosed = true
    for (const [key, question] of this.#questions) this.#end(key, question, 'the agent ends')
  }

  #ask(key: string, knock: Knock): Question {
    const { clock, channelTimeoutMs } = this.#options
    this.#hasToldLimit = false
    const withdrawal = new AbortController()
    const waitMs = Math.min(knockTimeoutMs, channelTimeoutMs / 2)
    const timer = clock.setTimeout(() => this.#settle(key, question, 'deny', 'timeout'), waitMs)
    const question = { knock, waiting: new Set<OnKnocked>(), timer, withdrawal }
    this.#questions.set(key, question)
    void this.#await(key, question)
    return question
  }

  async #await(key: string, question: Question): Promise<void> {
    const { knock, withdrawal } = question
    // An asker that fails has let nobody in.
    const answer = await Promise.resolve()
      .then(() => this.#options.ask(knock, withdrawal.signal))
      .catch(() => undefined)
    const isAnswer = knockAnswers.some((one) => one === answer)
    const by = isAnswer ? 'person' : 'nobody'
    this.#settle(key, question, isAnswer && answer !== undefined ? answer : 'deny', by)
  }

  #settle(
    key: string,
    question: Question,
    answer: KnockAnswer,
    by: 'person' | 'timeout' | 'nobody',
  ): void {
    if (this.#questions.get(key) !== question) return
    const { knock } = question
    if (answer === 'always') this.#options.known.add(knock)
    else if (answer !== 'once') {
      const forMs = by === 'timeout' ? unansweredKnockMs : knockHourMs
      this.#remember(key, answer === 'hour', forMs)
    }
    const why = { person: 'it was denied', timeout: 'nobody answered', nobody: 'nobody to ask' }[by]
    this.#end(key, question, answer === 'deny' ? why : undefined)
    this.#options.onKnock({ ...knock, answer, by })
  }

  #end(key: string, question: Question, refusal: string | undefined): void {
    this.#close(key, question)
    for (const onKnocked of question.waiting) {
      onKnocked(refusal === undefined ? undefined : denied(refusal))
    }
  }

  #close(key: string, { timer, withdrawal }: Question): void {
    this.#options.clock.clearTimeout(timer)
    this.#questions.delete(key)
    withdrawal.abort()
  }

  #remember(key: string, isLetIn: boolean, forMs: number): void {
    this.#remembered.delete(key)
    const [oldest] = this.#remembered.keys()
    if (this.#remembered.size >= maxRememberedVisitors && oldest !== undefined) {
      // Should it come back, it knocks again.
      this.#remembered.delete(oldest)
    }
    this.#remembered.set(key, { isLetIn, untilMs: this.#options.clock.now() + forMs })
  }

  /** One line for a whole crowd. */
  #tellOfLimit(knock: Knock): void {
    if (!this.#hasToldLimit) this.#options.onKnock({ ...knock, answer: 'deny', by: 'limit' })
    this.#hasToldLimit = true
  }

  /** True when there is room for one more question and its time has come. */
  #mayAsk(): boolean {
    if (this.#questions.size >= maxKnocks) return false
    const nowMs = this.#options.clock.now()
    const earned = (nowMs - this.#filledMs) / knockEveryMs
    this.#tokens = Math.min(knockBurst, this.#tokens + earned)
    this.#filledMs = nowMs
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }
}

/** Of one address at one url. */
function keyOf({ visitor, url }: Knock): string {
  return `${visitor} ${url}`
}

function denied(why: string): SallyportError {
  return new SallyportError('SP_KNOCK_DENIED', `nobody let the visitor in: ${why}`)
}

function later(onKnocked: OnKnocked, why: string): { cancel(): void } {
  let isCancelled = false
  queueMicrotask(() => {
    if (!isCancelled) onKnocked(denied(why))
  })
  return {
    cancel() {
      isCancelled = true
    },
  }
}
