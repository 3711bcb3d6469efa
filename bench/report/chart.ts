// The main figures as bars in one SVG, without any library: one panel a figure, one bar a peer, ours in
// colour. Follows the reader's light or dark setting.
import type { BenchResult } from '../result.ts'
import { cellOf } from './cells.ts'
import { formatNumber } from './format-number.ts'

/** The figures that a reader wants first. */
const panels: readonly (readonly [metric: string, key: string])[] = [
  ['bulk', 'up'],
  ['bulk', 'down'],
  ['bulk-8', 'down'],
  ['bulk', 'downCpuBoth'],
  ['request-rate', 'rate'],
  ['request-rate', 'p99'],
  ['new-connections', 'rate'],
  ['single-request', 'p50'],
  ['beside-bulk', 'p99'],
  ['first-byte', 'max'],
  ['idle-memory', 'relay'],
]

const columns = 2
const panelWidth = 480
const labelWidth = 210
const valueWidth = 70
const barHeight = 14
const rowHeight = 20
const titleHeight = 34
const gap = 24

interface Panel {
  readonly title: string
  readonly hint: string
  readonly rows: readonly { readonly label: string; readonly value: number; readonly id: string }[]
}

export function formatChart(result: BenchResult): string {
  const shown = panels.flatMap(([metric, key]) => createPanel(result, metric, key) ?? [])
  const tallest = Math.max(0, ...shown.map((panel) => panel.rows.length))
  const panelHeight = titleHeight + tallest * rowHeight + gap
  const width = columns * panelWidth + (columns + 1) * gap
  const height = Math.ceil(shown.length / columns) * panelHeight + gap + 24
  const drawn = shown.map((panel, index) => {
    const x = gap + (index % columns) * (panelWidth + gap)
    const y = gap + Math.floor(index / columns) * panelHeight
    return `<g transform="translate(${x} ${y})">${drawPanel(panel)}</g>`
  })
  const note = `${result.startedAt.slice(0, 10)}, ${result.machine.cpu}, ${result.machine.cores} cores, ${result.rounds === 1 ? 'one round' : `medians of ${result.rounds} rounds`}`
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="Sallyport beside its peers">
<style>
text { font: 12px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600; font-size: 13px }
.quiet { fill: #656d76 }
.peer { fill: #8c959f }
.ours { fill: #0969da }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .quiet { fill: #8d96a0 }
  .peer { fill: #6e7681 }
  .ours { fill: #4493f8 }
}
</style>
${drawn.join('\n')}
<text class="quiet" x="${gap}" y="${height - 12}">${escape(note)}</text>
</svg>
`
}

function createPanel(result: BenchResult, metric: string, key: string): Panel | undefined {
  const info = result.metrics.find(({ id }) => id === metric)
  const reading = info?.readings.find((candidate) => candidate.key === key)
  if (!info || !reading) return undefined
  const isMore = reading.better === 'more'
  // The line without a tunnel is several times as long as any: it stands in the table.
  const rows = result.peers
    .filter(({ protection }) => protection !== 'no tunnel')
    .flatMap(({ id, label }) => {
      const value = cellOf(result, metric, id, key).summary?.median
      return value === undefined ? [] : [{ id, label, value }]
    })
    .toSorted((a, b) => (isMore ? b.value - a.value : a.value - b.value))
  if (rows.length === 0) return undefined
  const hint = `${reading.unit}, ${isMore ? 'more' : 'less'} is better`
  return { title: `${info.title}: ${reading.label}`, hint, rows }
}

function drawPanel({ title, hint, rows }: Panel): string {
  const largest = Math.max(...rows.map((row) => row.value))
  const room = panelWidth - labelWidth - valueWidth
  const bars = rows.map(({ id, label, value }, index) => {
    const y = titleHeight + index * rowHeight
    const width = largest > 0 ? Math.max(1, (Math.max(0, value) / largest) * room) : 1
    const baseline = y + barHeight - 3
    return [
      `<text x="${labelWidth - 8}" y="${baseline}" text-anchor="end">${escape(label)}</text>`,
      `<rect class="${id.startsWith('ours') ? 'ours' : 'peer'}" x="${labelWidth}" y="${y}" width="${width.toFixed(1)}" height="${barHeight}" rx="2"/>`,
      `<text x="${(labelWidth + width + 6).toFixed(1)}" y="${baseline}">${formatNumber(value)}</text>`,
    ].join('')
  })
  const heading = `<text class="title" y="12">${escape(title)}</text><text class="quiet" y="27">${escape(hint)}</text>`
  return heading + bars.join('\n')
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
