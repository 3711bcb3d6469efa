// What runs, and how it goes: tunnels, and ten minutes of requests, latency and bytes.
import type { JSX } from 'preact'
import type { StatusView } from '../src/inspector/wire.ts'
import { formatBytes, formatDuration } from './format.ts'
import { Plot } from './plot.tsx'
import { usePolled } from './polling.ts'

export function Status(): JSX.Element {
  const status = usePolled<StatusView>('/api/status')
  if (!status) return <p class="empty">…</p>
  const { tunnels, held, unkept, agoS, bucketS, version } = status
  const perSecond = (values: readonly number[]): number[] => values.map((value) => value / bucketS)
  return (
    <div class="page">
      <h1>Status</h1>
      <ul class="tunnels">
        {tunnels.map(({ name, publicUrl, target, protocol, requests, visits }) => (
          <li key={name}>
            <PublicUrl url={publicUrl} />
            <span>→ {target}</span>
            <span class="number">
              {protocol === 'https' ? `${requests} requests` : `${visits} connections`}
            </span>
          </li>
        ))}
      </ul>
      <div class="plots">
        <Plot
          title="Requests"
          agoS={agoS}
          format={(value) => `${Number(value.toFixed(1))}/s`}
          lines={[
            {
              label: 'all',
              colour: '--accent',
              values: perSecond(status.requests),
              isFilled: true,
            },
            { label: 'failed', colour: '--bad', values: perSecond(status.failed) },
          ]}
        />
        <Plot
          title="Latency"
          agoS={agoS}
          format={(value) => (value === 0 ? '0' : formatDuration(value))}
          lines={[
            { label: 'p50', colour: '--accent', values: status.p50 },
            { label: 'p95', colour: '--moved', values: status.p95 },
            { label: 'p99', colour: '--warning', values: status.p99 },
          ]}
        />
        <Plot
          title="Bytes"
          agoS={agoS}
          format={(value) => (value === 0 ? '0' : `${formatBytes(Math.round(value))}/s`)}
          lines={[
            { label: 'in', colour: '--moved', values: perSecond(status.bytesIn) },
            {
              label: 'out',
              colour: '--accent',
              values: perSecond(status.bytesOut),
              isFilled: true,
            },
          ]}
        />
      </div>
      <p class="note">
        {held.exchanges} requests are kept, {formatBytes(held.bytes)} of{' '}
        {formatBytes(held.maxBytes)}; the oldest go first.
        {unkept > 0 && ` ${unkept} were counted only, because too many came at once.`} Agent{' '}
        {version}.
      </p>
    </div>
  )
}

/** A link, where a browser can follow it. */
function PublicUrl({ url }: { readonly url: string }): JSX.Element {
  if (!/^https?:/.test(url)) return <strong>{url}</strong>
  return (
    <a href={url} rel="noreferrer" target="_blank">
      {url}
    </a>
  )
}
