// The outcomes of a run, gathered by metric, peer and reading. Failures stay beside the figures.
import type { BenchResult, Outcome } from '../result.ts'
import { summarise, type Summary } from '../statistics.ts'

export interface Cell {
  /** Undefined when no round gave a figure. */
  readonly summary: Summary | undefined
  /** Rounds that were tried, and those that failed as a whole. */
  readonly rounds: number
  readonly failedRounds: number
  /** Requests or visitors that failed within the rounds that gave a figure. */
  readonly failedRequests: number
}

export function outcomesOf(result: BenchResult, metric: string, peer: string): Outcome[] {
  return result.outcomes.filter((outcome) => outcome.metric === metric && outcome.peer === peer)
}

export function cellOf(result: BenchResult, metric: string, peer: string, key: string): Cell {
  const outcomes = outcomesOf(result, metric, peer)
  const measured = outcomes.filter((outcome) => outcome.kind === 'measured')
  const values = measured.flatMap((outcome) => outcome.values[key] ?? [])
  return {
    summary: summarise(values),
    rounds: outcomes.length,
    failedRounds: outcomes.length - measured.length,
    failedRequests: measured.reduce((sum, outcome) => sum + outcome.failed, 0),
  }
}

/** "1 of 5 rounds failed, 3 requests failed"; empty when nothing did. */
export function describeFailures({ rounds, failedRounds, failedRequests }: Cell): string {
  return [
    failedRounds > 0 ? `${failedRounds} of ${rounds} rounds failed` : '',
    failedRequests > 0 ? `${failedRequests.toLocaleString('en-US')} requests failed` : '',
  ]
    .filter((part) => part !== '')
    .join(', ')
}

/**
 * Ours divided by the rival's, round by round: the two were measured minutes apart at most, while a
 * machine may change its pace within an hour.
 */
export function ratiosOf(
  result: BenchResult,
  metric: string,
  key: string,
  ours: string,
  rival: string,
): Summary | undefined {
  const valueIn = (peer: string, round: number) =>
    outcomesOf(result, metric, peer)
      .filter((outcome) => outcome.kind === 'measured')
      .find((outcome) => outcome.round === round)?.values[key]
  const rounds = Array.from({ length: result.rounds }, (_, round) => round)
  return summarise(
    rounds.flatMap((round) => {
      const mine = valueIn(ours, round)
      const theirs = valueIn(rival, round)
      return mine === undefined || theirs === undefined ? [] : [mine / theirs]
    }),
  )
}
