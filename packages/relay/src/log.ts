// The relay's events as lines: plain ones on stderr for people, or NDJSON on stdout for programs.
import type { RelayEvent } from './relay-event.ts'
import { type LogLevel, logLevels } from './settings.ts'

export interface LogOptions {
  readonly json: boolean
  readonly logLevel: LogLevel
  /** Take whole lines, with their ends. */
  readonly out: (line: string) => void
  readonly err: (line: string) => void
}

export interface Log {
  event(event: RelayEvent): void
  /** A line for people only. */
  note(level: LogLevel, text: string): void
  /** From now on. */
  setLevel(level: LogLevel): void
}

export function createLog({ json, logLevel, out, err }: LogOptions): Log {
  let shown = logLevel
  const isShown = (level: LogLevel): boolean => logLevels.indexOf(level) <= logLevels.indexOf(shown)
  return {
    event(event) {
      const level = levelOf(event)
      if (!isShown(level)) return
      if (json) out(`${JSON.stringify({ v: 1, ...event })}\n`)
      else err(`relay: ${describe(event)}\n`)
    },
    note(level, text) {
      if (isShown(level)) err(`relay: ${text}\n`)
    },
    setLevel(level) {
      shown = level
    },
  }
}

/** What strangers cause as often as they like. */
const debugEvents: ReadonlySet<RelayEvent['event']> = new Set([
  'visit',
  'agent-refused',
  'deploy-refused',
  'visitor-denied',
])

function levelOf(told: RelayEvent): LogLevel {
  const { event } = told
  if (debugEvents.has(event)) return 'debug'
  if (told.event === 'certificate') return told.state === 'loaded' ? 'info' : 'warn'
  return event === 'register-refused' || event === 'certificate-failed' ? 'warn' : 'info'
}

function describe(event: RelayEvent): string {
  switch (event.event) {
    case 'listening':
      return `listening on ${event.address}, reached as ${event.host}`
    case 'agent-joined':
      return `agent ${event.agent} joined from ${event.from} (${event.software})`
    case 'agent-left':
      return `agent ${event.agent} left: ${event.reason} (${event.code})`
    case 'agent-refused':
      return `somebody from ${event.from} came to the agent door without a valid key`
    case 'deploy-refused':
      return `somebody from ${event.from} came to the deploy door without the deploy key`
    case 'register-refused':
      return `agent ${event.agent} was refused: ${event.reason} (${event.code})`
    case 'route':
      return describeRoute(event)
    case 'health':
      return `${event.url}: the origin of agent ${event.agent} ${event.alive ? 'answers' : 'is dead'}`
    case 'visit': {
      const why = event.reason === undefined ? '' : ` (${event.reason})`
      const traffic = `${event.bytesIn} bytes in, ${event.bytesOut} out, ${event.ms} ms`
      return `visit of ${event.visitor} to ${event.route}: ${traffic}, ended by ${event.endedBy}${why}`
    }
    case 'visitor-denied':
      return `visitor ${event.visitor} may not come to ${event.route}`
    case 'certificate':
      return describeCertificate(event)
    case 'certificate-failed': {
      const again = `tried again in ${formatSeconds(event.retrySeconds)}`
      return `no certificate for ${event.names.join(', ')}: ${event.reason} (${event.code}); ${again}`
    }
    case 'draining':
      return `draining: ${event.visitors} visitors may finish; again to end at once`
    case 'stopped':
      return 'stopped'
  }
}

function describeCertificate({
  names,
  source,
  state,
  validTo,
}: Extract<RelayEvent, { event: 'certificate' }>): string {
  const what = `the certificate for ${names.join(', ')} (${source})`
  const day = validTo.slice(0, 10)
  switch (state) {
    case 'loaded':
      return `${what} is used; valid until ${day}`
    case 'expiring':
      return `${what} ends on ${day}`
    case 'expired':
      return `${what} has ended on ${day}: visitors are warned or turned away`
  }
}

function describeRoute({ url, agent, state }: Extract<RelayEvent, { event: 'route' }>): string {
  switch (state) {
    case 'granted':
      return `${url} is served by agent ${agent}`
    case 'served':
      return `${url} is served by one more session of agent ${agent}`
    case 'taken-over':
      return `${url} was taken over by a newer process of agent ${agent}`
    case 'away':
      return `${url} waits: agent ${agent} is away`
    case 'released':
      return `${url} is free: agent ${agent} did not come back`
  }
}

function formatSeconds(seconds: number): string {
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} minutes`
}
