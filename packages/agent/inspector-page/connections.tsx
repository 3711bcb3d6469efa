// Raw visits: TCP and TLS routes, whose bytes are not looked into.
import type { JSX } from 'preact'
import type { VisitView } from '../src/inspector/wire.ts'
import { formatBytes, formatDuration, formatTime } from './format.ts'
import { usePolled } from './polling.ts'

const endings: Readonly<Record<string, string>> = {
  end: 'ended by both sides',
  origin: 'broken off by the origin',
  visitor: 'broken off by the visitor',
  idle: 'idle for too long',
  refused: 'refused by the origin',
}

export function Connections(): JSX.Element {
  const visits = usePolled<{ readonly visits: readonly VisitView[] }>('/api/visits')?.visits
  if (visits === undefined) return <p class="empty">…</p>
  if (visits.length === 0) {
    return <p class="empty">Connections of tcp and tls routes appear here when they have ended.</p>
  }
  return (
    <div class="page">
      <h1>Connections</h1>
      <table>
        <thead>
          <tr>
            <th>Route</th>
            <th>Visitor</th>
            <th class="number">In</th>
            <th class="number">Out</th>
            <th class="number">Duration</th>
            <th>End</th>
            <th>Began</th>
          </tr>
        </thead>
        <tbody>
          {visits.map((visit) => (
            <tr key={visit.id}>
              <td class="route">{visit.tunnel}</td>
              <td class="visitor">{visit.visitor}</td>
              <td class="number in">{formatBytes(visit.bytesIn)}</td>
              <td class="number out">{formatBytes(visit.bytesOut)}</td>
              <td class="number duration">{formatDuration(visit.durationMs)}</td>
              <td class={visit.endedBy === 'end' ? 'end' : 'end warning'} title={visit.message}>
                {endings[visit.endedBy] ?? visit.endedBy}
              </td>
              <td class="began">{formatTime(visit.startedAt)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
