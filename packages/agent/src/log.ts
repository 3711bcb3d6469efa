// Events as lines for people (stderr) and for machines (`--json`, stdout). Formats only; cli.ts
// prints.
import type { AgentEvent } from './events.ts'
import { type LogLevel, logLevels } from './log-level.ts'

interface Line {
  readonly level: LogLevel
  readonly text: string
}

/** Lines for people, from `level` on; remembers what need not be said twice. */
export class Log {
  #worst: number
  #isFirst = true
  #toldOutage: string | undefined

  constructor(level: LogLevel) {
    this.#worst = logLevels.indexOf(level)
  }

  /** From now on. */
  setLevel(level: LogLevel): void {
    this.#worst = logLevels.indexOf(level)
  }

  /** A line that is no event. */
  note(level: LogLevel, text: string): readonly string[] {
    return logLevels.indexOf(level) <= this.#worst ? [`agent: ${text}`] : []
  }

  /** What to print for an event; mostly one line or none. */
  lines(event: AgentEvent): readonly string[] {
    return this.#say(event)
      .filter(({ level }) => logLevels.indexOf(level) <= this.#worst)
      .map(({ level, text }) => `agent: ${level === 'warn' ? 'warning: ' : ''}${text}`)
  }

  #say(event: AgentEvent): readonly Line[] {
    switch (event.event) {
      case 'inspecting':
        return [{ level: 'info', text: `requests are shown at ${event.link}` }]
      case 'ready':
        return this.#ready(event)
      case 'lost':
        this.#toldOutage = event.message
        return [{ level: 'warn', text: `no session with the relay: ${event.message}` }]
      case 'reconnecting': {
        const isNews = event.message !== this.#toldOutage
        this.#toldOutage = event.message
        return [
          {
            level: isNews ? 'warn' : 'debug',
            text: `${event.message}; next try in ${event.delayMs} ms`,
          },
        ]
      }
      case 'refused':
        return [{ level: 'error', text: `${event.message} (${event.code})` }]
      case 'origin':
        return [{ level: event.state === 'answering' ? 'info' : 'warn', text: event.message }]
      case 'advice':
        return [{ level: 'warn', text: adviceLine(event) }]
      case 'notice':
        return [{ level: 'warn', text: `the relay says: ${event.message} (${event.code})` }]
      case 'draining':
        return [
          {
            level: 'info',
            text:
              event.by === 'relay'
                ? 'the relay is shutting down; the agent comes back when it does'
                : 'no new visitors; running ones have 30 s (once more to end at once)',
          },
        ]
      case 'knock':
        return [knockLine(event)]
      case 'certificate': {
        const { name, validTo, account } = event
        const text = `the certificate for ${name} is used; valid until ${validTo.slice(0, 10)}`
        return [
          { level: 'info', text },
          { level: 'debug', text: `the account at the authority is ${account}` },
        ]
      }
      case 'certificate-failed': {
        const { name, message, retrySeconds } = event
        const again = retrySeconds === undefined ? '' : `; tried again in ${retrySeconds} s`
        return [{ level: 'warn', text: `no certificate for ${name}: ${message}${again}` }]
      }
      case 'visit':
        return [{ level: 'debug', text: visitLine(event) }]
      case 'stopped':
        return event.message === undefined || event.code === undefined
          ? [{ level: 'info', text: 'ended' }]
          : [{ level: 'error', text: `ended: ${event.message} (${event.code})` }]
    }
  }

  #ready({ routes }: AgentEvent & { event: 'ready' }): readonly Line[] {
    this.#toldOutage = undefined
    const lines: Line[] = routes.map(({ url, target }) => ({
      level: 'info',
      text: `${url} → ${target}`,
    }))
    if (this.#isFirst) {
      const targets = [...new Set(routes.map(({ target }) => target))].join(', ')
      const whose = routes.length === 1 ? 'this address' : 'one of these addresses'
      lines.push({ level: 'warn', text: `anyone who knows ${whose} can reach ${targets}` })
    }
    this.#isFirst = false
    return lines
  }
}

function adviceLine(event: AgentEvent & { event: 'advice' }): string {
  const { server, target, problem, file, line, flag } = event
  const instead = flag === undefined ? '' : `; or start the agent with ${flag}`
  return `${server} at ${target} ${problem}; in ${file}: ${line}${instead}`
}

/** An event as one line of NDJSON, without the line end. */
export function formatJson(event: AgentEvent & { readonly exit?: number }): string {
  return JSON.stringify({ v: 1, ...event })
}

function knockLine({ visitor, url, answer, by }: AgentEvent & { event: 'knock' }): Line {
  if (answer !== 'deny') {
    const forHowLong = { once: 'once', hour: 'for an hour', always: 'for good' }[answer]
    return { level: 'info', text: `${visitor} was let in at ${url}, ${forHowLong}` }
  }
  const why = {
    person: '',
    timeout: ': nobody answered',
    nobody: ': there is no terminal to ask at',
    limit: ' and others: too many knock',
  }[by]
  const level = by === 'person' ? 'info' : 'warn'
  return { level, text: `${visitor} was not let in at ${url}${why}` }
}

function visitLine(visit: AgentEvent & { event: 'visit' }): string {
  const { visitor, route, bytesFromVisitor, bytesToVisitor, durationMs, endedBy, message } = visit
  const seconds = (durationMs / 1000).toFixed(3)
  const why = message === undefined ? '' : `: ${message}`
  return (
    `visit of ${visitor ?? 'somebody'} on ${route ?? 'no route'}: ${bytesFromVisitor} bytes in, ` +
    `${bytesToVisitor} out, ${seconds} s, ended by ${endedBy}${why}`
  )
}
