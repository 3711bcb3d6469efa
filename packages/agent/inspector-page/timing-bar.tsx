// Where the time went, as a bar and in figures.
import type { JSX } from 'preact'
import type { Timing } from '../src/inspector/wire.ts'
import { formatDuration } from './format.ts'

const phases = [
  ['tunnelMs', 'Tunnel', 'until the whole request had come through the tunnel'],
  ['originMs', 'Origin', 'until the origin began to answer'],
  ['transferMs', 'Transfer', 'until the last byte of the answer'],
] as const

/** So that a phase of no length can be seen. */
const leastShare = 0.01

export function TimingBar({ timing }: { readonly timing: Timing }): JSX.Element {
  const total = phases.reduce((sum, [name]) => sum + (timing[name] ?? 0), 0)
  return (
    <dl class="timing" aria-label="Timing">
      {phases.map(([name, label, meaning]) => {
        const ms = timing[name]
        const share = total === 0 ? 1 / 3 : (ms ?? 0) / total
        return (
          <div
            key={name}
            class={name}
            title={meaning}
            style={{ flexGrow: Math.max(share, leastShare) }}
          >
            <dt>{label}</dt>
            <dd>{ms === undefined ? '–' : formatDuration(ms)}</dd>
          </div>
        )
      })}
    </dl>
  )
}
