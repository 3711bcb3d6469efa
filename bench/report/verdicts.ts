// Holds the figures of a run against the bars. What failed does not pass, and what was not measured is
// said to be so.
import type { BenchResult } from '../result.ts'
import { barsFor, type Bar } from './bars.ts'
import type { Summary } from '../statistics.ts'
import { cellOf, describeFailures, ratiosOf } from './cells.ts'

export interface Verdict {
  readonly bar: Bar
  readonly ours: number | undefined
  readonly rival: number | undefined
  /** Of the rounds in which both have a figure; where there is a rival. */
  readonly ratios: Summary | undefined
  /** What is held against the bound: the median of the ratios, or ours where there is no rival. */
  readonly value: number | undefined
  readonly verdict: 'pass' | 'fail' | 'not measured'
  /** Why it is not a plain pass or fail. */
  readonly note: string
}

export function judge(result: BenchResult): Verdict[] {
  return barsFor(result).map((bar) => judgeBar(result, bar))
}

function judgeBar(result: BenchResult, bar: Bar): Verdict {
  const { metric, key, rival: rivalId, subject = 'ours' } = bar
  const cell = cellOf(result, metric, subject, key)
  const ours = bar.worst ? worstOf(bar, cell.summary) : cell.summary?.median
  const rival = rivalId ? cellOf(result, metric, rivalId, key).summary?.median : undefined
  const ratios = rivalId ? ratiosOf(result, metric, key, subject, rivalId) : undefined
  const value = rivalId ? ratios?.median : ours
  const figures = { bar, ours, rival, ratios, value }
  const failures = describeFailures(cell)
  if (ours === undefined) {
    return { ...figures, verdict: cell.rounds === 0 ? 'not measured' : 'fail', note: failures }
  }
  if (value === undefined) {
    return { ...figures, verdict: 'not measured', note: `no figure of ${rivalId ?? 'ours'}` }
  }
  const holds = bar.relation === 'at most' ? value <= bar.bound : value >= bar.bound
  return { ...figures, verdict: holds && failures === '' ? 'pass' : 'fail', note: failures }
}

function worstOf(bar: Bar, summary: Summary | undefined): number | undefined {
  return bar.relation === 'at most' ? summary?.max : summary?.min
}
