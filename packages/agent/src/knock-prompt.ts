// Asks about knocks at the agent's terminal, one after the other: a line on stderr, a letter and Enter on
// stdin. Lines, not keys, so that Ctrl-C stays what it is.
import type { Clock } from '@sallyport/mux'
import type { AskAboutKnock, Knock, KnockAnswer } from './knock.ts'
import { leastThinkingMs, maxAnswerChars } from './limits.ts'

/** What is needed of the terminal; `process.stdin` and `process.stderr` will do. */
export interface KnockTerminal {
  readonly input: TerminalInput
  readonly output: { write(text: string): unknown }
  readonly clock: Pick<Clock, 'now'>
  /** False: a read would stop the program (`&` in a shell). */
  isForeground(): Promise<boolean>
}

export interface TerminalInput {
  on(event: 'data' | 'end' | 'close', listener: (chunk?: unknown) => void): unknown
  off(event: 'data' | 'end' | 'close', listener: (chunk?: unknown) => void): unknown
  resume(): unknown
  pause(): unknown
}

const answers: Readonly<Record<string, KnockAnswer>> = {
  o: 'once',
  h: 'hour',
  a: 'always',
  d: 'deny',
}
const choices = 'o = once, h = for an hour, a = always, d = deny; then Enter'

export function createKnockPrompt(terminal: KnockTerminal): AskAboutKnock {
  let last: Promise<unknown> = Promise.resolve()
  let hasEnded = false
  return (knock, signal) => {
    const asked = last.then(async () => {
      if (hasEnded || !(await terminal.isForeground())) return undefined
      const answer = await ask(terminal, knock, signal)
      hasEnded ||= answer === 'ended'
      return answer === 'ended' ? undefined : answer
    })
    last = asked.catch(() => {})
    return asked
  }
}

/** undefined: the question was withdrawn; ended: nothing comes from the terminal any more. */
function ask(
  { input, output, clock }: KnockTerminal,
  { visitor, url, target }: Knock,
  signal: AbortSignal,
): Promise<KnockAnswer | 'ended' | undefined> {
  const { promise, resolve } = Promise.withResolvers<KnockAnswer | 'ended' | undefined>()
  if (signal.aborted) return Promise.resolve(undefined)
  const askedMs = clock.now()
  let typed = ''
  const settle = (answer: KnockAnswer | 'ended' | undefined): void => {
    input.off('data', onData)
    input.off('end', onEnd)
    input.off('close', onEnd)
    input.pause()
    signal.removeEventListener('abort', onAbort)
    resolve(answer)
  }
  const onEnd = (): void => settle('ended')
  const onAbort = (): void => {
    output.write('\nagent: that visitor waits no longer\n')
    settle(undefined)
  }
  const onLine = (line: string): void => {
    const answer = answers[line.trim().slice(0, 1).toLowerCase()]
    // What was typed for another question, or into another program, is no answer to this one.
    const isMeant = clock.now() - askedMs >= leastThinkingMs
    if (answer !== undefined && isMeant) settle(answer)
    else output.write(`${isMeant ? '' : 'agent: too quick to be meant\n'}agent: ${choices}: `)
  }
  const onData = (chunk?: unknown): void => {
    typed = (typed + String(chunk)).slice(-maxAnswerChars)
    const lines = typed.split('\n')
    typed = lines.pop() ?? ''
    // Of several lines at once only the last was typed after the others had been read.
    const line = lines.at(-1)
    if (line !== undefined) onLine(line)
  }
  input.on('data', onData)
  input.on('end', onEnd)
  input.on('close', onEnd)
  signal.addEventListener('abort', onAbort)
  output.write(`agent: ${visitor} knocks at ${url}, for ${target}\nagent: ${choices}: `)
  input.resume()
  return promise
}
