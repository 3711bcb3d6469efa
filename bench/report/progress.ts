// One line on the terminal for each measurement.
import type { Metric } from '../metrics/metric.ts'
import type { Outcome } from '../result.ts'
import { formatWithUnit } from './format-number.ts'

export function formatProgress(
  outcome: Outcome,
  metrics: readonly Metric[],
  done: number,
  expected: number,
): string {
  const { round, metric, peer } = outcome
  const head = `${done}/${expected} round ${round + 1} ${metric} ${peer}:`
  if (outcome.kind === 'failed') return `${head} FAILED: ${outcome.failure}`
  const readings = metrics.find(({ id }) => id === metric)?.readings ?? []
  const figures = readings.flatMap(({ key, label, unit }) => {
    const value = outcome.values[key]
    return value === undefined ? [] : [`${label} ${formatWithUnit(value, unit)}`]
  })
  const failed =
    outcome.failed > 0 ? [`${outcome.failed} failed (${outcome.reasons.join(', ')})`] : []
  return `${head} ${[...figures, ...failed].join('; ')}`
}
