// Prometheus metrics of a relay: gauges from its status when they are asked for, counters from its
// events. Labels are words of ours only, so that nobody outside makes them many.
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import type { RelayEvent } from './relay-event.ts'
import type { RelayStatus } from './relay-status.ts'

export interface Metrics {
  readonly contentType: string
  count(event: RelayEvent): void
  /** The text for Prometheus. */
  collect(): Promise<string>
}

export function createMetrics(status: () => RelayStatus): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })

  const gauge = (name: string, help: string, valueOf: (status: RelayStatus) => number): void => {
    new Gauge({
      name: `sallyport_${name}`,
      help,
      registers,
      collect() {
        this.set(valueOf(status()))
      },
    })
  }
  gauge('visitors', 'Visitors who are served or wait', (now) => now.visitors)
  gauge('parked', 'Visitors who wait for an agent that is away', (now) => now.parked)
  gauge('undecided', 'Callers not yet routed or authenticated', (now) => now.undecided)
  gauge('sessions', 'Sessions of agents', ({ agents }) =>
    agents.reduce((sum, { sessions }) => sum + sessions.length, 0),
  )
  gauge('streams', 'Streams of all sessions', ({ agents }) =>
    agents.reduce((sum, agent) => sum + agent.sessions.reduce((n, one) => n + one.streams, 0), 0),
  )
  gauge('routes', 'Routes that are leased', ({ routes }) => routes.length)
  gauge(
    'routes_away',
    'Routes whose agent is away',
    ({ routes }) => routes.filter(({ state }) => state === 'away').length,
  )
  new Gauge({
    name: 'sallyport_refused_total',
    help: 'Callers turned away at the door, by why',
    labelNames: ['why'],
    registers,
    collect() {
      for (const [why, times] of Object.entries(status().refused)) this.set({ why }, times)
    },
  })
  new Gauge({
    name: 'sallyport_certificate_seconds_left',
    help: 'Until the first certificate of a source ends; below 0: it has ended',
    labelNames: ['source'],
    registers,
    collect() {
      this.reset()
      const left = new Map<string, number>()
      for (const { source, validTo } of status().certificates) {
        const seconds = Math.round((Date.parse(validTo) - Date.now()) / 1_000)
        left.set(source, Math.min(seconds, left.get(source) ?? seconds))
      }
      for (const [source, seconds] of left) this.set({ source }, seconds)
    },
  })

  const visits = new Counter({
    name: 'sallyport_visits_total',
    help: 'Visits that are over, by who ended them',
    labelNames: ['ended_by'],
    registers,
  })
  const bytes = new Counter({
    name: 'sallyport_visit_bytes_total',
    help: 'Bytes of visits that are over, without TLS; in: from visitors',
    labelNames: ['direction'],
    registers,
  })
  const seconds = new Histogram({
    name: 'sallyport_visit_seconds',
    help: 'How long visits took, from accept to their end',
    buckets: [0.01, 0.1, 1, 10, 100, 1_000],
    registers,
  })
  const events = new Counter({
    name: 'sallyport_events_total',
    help: 'Everything else that the relay tells, by its event',
    labelNames: ['event'],
    registers,
  })

  return {
    contentType: registry.contentType,
    count(event) {
      if (event.event !== 'visit') {
        events.inc({ event: event.event })
        return
      }
      visits.inc({ ended_by: event.endedBy })
      bytes.inc({ direction: 'in' }, event.bytesIn)
      bytes.inc({ direction: 'out' }, event.bytesOut)
      seconds.observe(event.ms / 1_000)
    },
    collect: () => registry.metrics(),
  }
}
