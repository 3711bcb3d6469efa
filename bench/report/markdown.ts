// The tables of a run as Markdown: the bars first, then every figure, then every failure.
import { tolerableOthersPercent } from '../disturbance.ts'
import type { BenchResult } from '../result.ts'
import type { Summary } from '../statistics.ts'
import { cellOf, describeFailures, outcomesOf, type Cell } from './cells.ts'
import { formatNumber, formatWithUnit } from './format-number.ts'
import { judge, type Verdict } from './verdicts.ts'

/** What the hypervisor may have taken before the report speaks of it. */
const tolerableStolenPercent = 2

export function formatMarkdown(result: BenchResult, chartFile: string): string {
  return [
    '# Sallyport beside its peers\n',
    describeRun(result),
    `![the main figures as bars](${chartFile})\n`,
    '## The bars\n',
    formatBars(result),
    ...result.metrics.map((metric) => formatMetric(result, metric)),
    '## Failures\n',
    formatFailures(result),
    '## Programs\n',
    formatPrograms(result),
  ].join('\n')
}

function describeRun(result: BenchResult): string {
  const { machine, rounds, seconds, wan, startedAt, minutes, isComplete } = result
  const path = wan
    ? `relay and agent ${wan.rttMs} ms apart (round trip), ${wan.lossPercent} % loss, ${wan.rateMbit} Mbit/s, ${wan.congestionControl}`
    : `everything on loopback, ${machine.congestionControl}`
  const lines = [
    `${startedAt.slice(0, 16).replace('T', ' ')} UTC, ${formatNumber(minutes)} minutes${isComplete ? '' : ', **interrupted**'}.`,
    `${machine.cpu}, ${machine.cores} cores shared by load, relay, agent and origin; ${machine.memoryGiB} GiB; Linux ${machine.kernel}; Node ${machine.node}; ${path}.`,
    `${rounds} ${rounds === 1 ? 'round' : 'rounds'}, ${seconds} s for each timed load, fresh programs for every measurement, order rotated every round. Figures are medians with (min–max).`,
  ]
  return `${[...lines, ...describeDisturbance(result)].join('\n')}\n`
}

function describeDisturbance({ outcomes }: BenchResult): string[] {
  const measured = outcomes.filter((outcome) => outcome.kind === 'measured')
  const describe = (who: string, percents: readonly number[], tolerable: number) => {
    const above = percents.filter((percent) => percent > tolerable)
    if (above.length === 0) return []
    const most = formatNumber(Math.max(...above))
    return [
      `**${who} took more than ${tolerable} % of the machine in ${above.length} of ${measured.length} measurements, at most ${most} %.**`,
    ]
  }
  const stolen = measured.map(({ stolenPercent }) => stolenPercent)
  const others = measured.map(({ othersPercent }) => othersPercent)
  const repeats = measured.reduce((sum, outcome) => sum + outcome.repeats, 0)
  return [
    ...(repeats > 0
      ? [`${repeats} measurements that other programs disturbed were repeated.`]
      : []),
    ...describe('The hypervisor', stolen, tolerableStolenPercent),
    ...describe('Other programs', others, tolerableOthersPercent),
  ]
}

function formatBars(result: BenchResult): string {
  const rows = judge(result).map((verdict) => formatVerdict(result, verdict))
  return table(['what', 'ours', 'rival', 'ratio', 'bar', 'then', 'result'], rows)
}

function formatVerdict(result: BenchResult, judged: Verdict): string[] {
  const { bar, ours, rival, ratios, verdict, note } = judged
  const metric = result.metrics.find(({ id }) => id === bar.metric)
  const reading = metric?.readings.find(({ key }) => key === bar.key)
  const unit = reading?.unit ?? ''
  const figure = (number: number | undefined) =>
    number === undefined ? '–' : formatWithUnit(number, unit)
  const sign = bar.relation === 'at most' ? '≤' : '≥'
  const bound = (number: number) => (bar.rival ? `${number} ×` : formatWithUnit(number, unit))
  const subject = bar.subject ? ` (${bar.subject})` : ''
  const worst = bar.worst ? ', worst round' : ''
  return [
    `${metric?.title ?? bar.metric}: ${reading?.label ?? bar.key}${subject}${worst}`,
    figure(ours),
    bar.rival ? `${bar.rival} ${figure(rival)}` : '',
    ratios ? `${formatSummary(ratios)} ×` : '',
    `${sign} ${bound(bar.bound)}`,
    bar.next === undefined ? '' : `${sign} ${bound(bar.next)}`,
    note === '' ? verdict : `${verdict}: ${note}`,
  ]
}

type MetricInfo = BenchResult['metrics'][number]

function formatMetric(result: BenchResult, metric: MetricInfo): string {
  // CPU is not counted over a WAN, nor where there is no tunnel: no column that nobody fills.
  const filled = metric.readings.filter(({ key }) =>
    result.peers.some(({ id }) => cellOf(result, metric.id, id, key).summary),
  )
  if (filled.length === 0) return `## ${metric.title}\n\n${metric.method}.\n\nNo figure.\n`
  const readings = filled.map(({ label, unit }) => `${label}, ${unit}`)
  const rows = result.peers.map((peer) => {
    const excluded = result.excluded.find((row) => row.metric === metric.id && row.peer === peer.id)
    if (excluded) return [peer.label, excluded.why, ...readings.map(() => '')]
    const cells = filled.map(({ key }) => cellOf(result, metric.id, peer.id, key))
    return [peer.label, ...cells.map(formatCell), cells[0] ? describeFailures(cells[0]) : '']
  })
  return `## ${metric.title}\n\n${metric.method}.\n\n${table(['', ...readings, 'failures'], rows)}`
}

function formatCell({ summary }: Cell): string {
  return summary ? formatSummary(summary) : '–'
}

function formatSummary({ median, min, max, count }: Summary): string {
  const middle = formatNumber(median)
  return count === 1 ? middle : `${middle} (${formatNumber(min)}–${formatNumber(max)})`
}

function formatFailures(result: BenchResult): string {
  const rows = result.metrics.flatMap(({ id }) =>
    result.peers.flatMap((peer) =>
      outcomesOf(result, id, peer.id).flatMap((outcome) => {
        const why = outcome.kind === 'failed' ? outcome.failure : outcome.reasons.join(', ')
        const what = outcome.kind === 'failed' ? 'no figure' : `${outcome.failed} requests`
        const failed = outcome.kind === 'failed' || outcome.failed > 0
        return failed ? [[id, peer.label, String(outcome.round + 1), what, oneLine(why)]] : []
      }),
    ),
  )
  return rows.length === 0 ? 'None.\n' : table(['metric', 'peer', 'round', 'what', 'why'], rows)
}

function formatPrograms(result: BenchResult): string {
  const { tools } = result.machine
  const present = result.peers.map(({ label, protection, version }) => [label, protection, version])
  const absent = result.absent.map(({ label, missing }) => [
    label,
    '',
    `**absent**: ${missing.join(', ')} not found`,
  ])
  const loads = Object.entries(tools).map(([name, version]) => [name, 'load or origin', version])
  return table(['program', 'tunnel', 'version'], [...present, ...absent, ...loads])
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').slice(0, 300)
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return `${[line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')}\n`
}
