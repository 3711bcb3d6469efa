import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BenchResult, Outcome } from '../result.ts'
import { formatChart } from './chart.ts'
import { formatNumber, formatWithUnit } from './format-number.ts'
import { formatMarkdown } from './markdown.ts'
import { judge } from './verdicts.ts'

const calm = { stolenPercent: 0, othersPercent: 0, repeats: 0 }
const at = (peer: string, round: number) => ({ metric: 'request-rate', peer, round })

function rate(peer: string, round: number, value: number, failed = 0): Outcome {
  const reasons = failed > 0 ? ['wrk timeout: 3'] : []
  const values = { rate: value, p99: 1000 / value }
  return { kind: 'measured', ...at(peer, round), values, failed, reasons, ...calm }
}

function failed(peer: string, round: number, failure: string): Outcome {
  return { kind: 'failed', ...at(peer, round), failure }
}

function resultOf(outcomes: Outcome[], changes: Partial<BenchResult> = {}): BenchResult {
  const peer = (id: string, label: string) => ({
    id,
    label,
    protection: 'plain' as const,
    version: `${id} 1.0`,
  })
  return {
    v: 1,
    startedAt: '2026-11-20T14:00:00.000Z',
    isComplete: true,
    minutes: 3,
    machine: {
      cpu: 'a <fast> processor',
      cores: 2,
      memoryGiB: 24,
      kernel: '6.18',
      congestionControl: 'cubic',
      node: 'v24.21.0',
      tools: { wrk: 'wrk 4.1.0' },
    },
    rounds: 3,
    seconds: 5,
    wan: undefined,
    peers: [peer('ours', 'Sallyport'), peer('rathole-plain', 'rathole (plain)')],
    absent: [{ id: 'frp', label: 'frp (TLS)', missing: ['frps'] }],
    metrics: [
      {
        id: 'request-rate',
        title: 'Small requests',
        method: 'wrk',
        readings: [
          { key: 'rate', label: 'requests', unit: '/s', better: 'more' },
          { key: 'p99', label: 'p99', unit: 'ms', better: 'less' },
          { key: 'never', label: 'never measured', unit: 's', better: 'less' },
        ],
      },
    ],
    excluded: [],
    outcomes,
    ...changes,
  }
}

const rival = [0, 1, 2].map((round) => rate('rathole-plain', round, 20_000))
const faster = [22_000, 30_000, 21_000].map((value, round) => rate('ours', round, value))

test('verdicts: a ratio of medians passes its bar', () => {
  const verdicts = judge(resultOf([...faster, ...rival]))
  assert.deepEqual(
    verdicts.map(({ bar, value, verdict }) => [bar.key, value?.toFixed(3), verdict]),
    [
      ['rate', '1.100', 'pass'],
      ['p99', '0.909', 'pass'],
    ],
  )
})

test('verdicts: the ratio is taken round by round, so that the pace of the machine cancels out', () => {
  // Twice as fast an hour later, for both: the ratio of the medians would be 0.6.
  const ours = [11_000, 12_000, 44_000].map((value, round) => rate('ours', round, value))
  const theirs = [10_000, 20_000, 40_000].map((value, round) => rate('rathole-plain', round, value))
  const [verdict] = judge(resultOf([...ours, ...theirs]))
  assert.equal(verdict?.value?.toFixed(3), '1.100')
  assert.deepEqual([verdict?.ratios?.min.toFixed(2), verdict?.ratios?.count], ['0.60', 3])
})

test('verdicts: a figure below its bar fails', () => {
  const slower = [0, 1, 2].map((round) => rate('ours', round, 19_999))
  const [verdict] = judge(resultOf([...slower, ...rival]))
  assert.equal(verdict?.verdict, 'fail')
})

test('verdicts: a round that failed does not pass, however good the others were', () => {
  const [verdict] = judge(resultOf([...faster.slice(0, 2), failed('ours', 2, 'hung'), ...rival]))
  assert.equal(verdict?.verdict, 'fail')
  assert.equal(verdict?.note, '1 of 3 rounds failed')
})

test('verdicts: no figure of ours fails when it was tried, and of the rival is not measured', () => {
  const dead = [0, 1].map((round) => failed('ours', round, 'ended'))
  assert.equal(judge(resultOf([...dead, ...rival]))[0]?.verdict, 'fail')
  assert.equal(judge(resultOf(rival))[0]?.verdict, 'not measured')
  assert.equal(judge(resultOf(faster))[0]?.verdict, 'not measured')
})

test('markdown: failed rounds and failed requests are counted in the table and listed with why', () => {
  const outcomes = [
    ...faster.slice(0, 1),
    rate('ours', 1, 30_000, 3),
    failed('ours', 2, 'agent connect\nended before ready | refused'),
    ...rival,
  ]
  const text = formatMarkdown(resultOf(outcomes), 'x.svg')
  const row = text.split('\n').find((line) => line.startsWith('| Sallyport | 26,000'))
  assert.equal(
    row,
    '| Sallyport | 26,000 (22,000–30,000) | 0.039 (0.033–0.045) | 1 of 3 rounds failed, 3 requests failed |',
  )
  assert.ok(
    text.includes(
      '| request-rate | Sallyport | 3 | no figure | agent connect ended before ready \\| refused |',
    ),
  )
  assert.ok(text.includes('| request-rate | Sallyport | 2 | 3 requests | wrk timeout: 3 |'))
})

test('markdown: says what is absent, what was interrupted, and what the hypervisor took', () => {
  const stolen: Outcome = {
    kind: 'measured',
    ...at('ours', 0),
    values: { rate: 1 },
    failed: 0,
    reasons: [],
    stolenPercent: 12,
    othersPercent: 4.9,
    repeats: 2,
  }
  const text = formatMarkdown(resultOf([stolen], { isComplete: false }), 'x.svg')
  assert.ok(text.includes('| frp (TLS) |  | **absent**: frps not found |'))
  assert.ok(text.includes('**interrupted**'))
  assert.ok(
    text.includes(
      'The hypervisor took more than 2 % of the machine in 1 of 1 measurements, at most',
    ),
  )
  assert.ok(!text.includes('Other programs took'))
  assert.ok(text.includes('2 measurements that other programs disturbed were repeated.'))
})

test('markdown: a reading that nobody has is no column', () => {
  assert.ok(!formatMarkdown(resultOf([...faster, ...rival]), 'x.svg').includes('never measured'))
})

test('chart: a bar for each peer with a figure, ours marked, text escaped', () => {
  const svg = formatChart(resultOf([...faster, failed('rathole-plain', 0, 'hung')]))
  assert.equal(svg.match(/<rect class="ours"/g)?.length, 2)
  assert.equal(svg.match(/<rect class="peer"/g), null)
  assert.ok(svg.includes('a &lt;fast&gt; processor'))
  assert.ok(!svg.includes('NaN'))
})

test('numbers: three digits, thousands apart, units that need no space', () => {
  assert.deepEqual([0, 0.0394, 1.234, 12.34, 123.4, 40_912.3].map(formatNumber), [
    '0',
    '0.039',
    '1.23',
    '12.3',
    '123',
    '40,912',
  ])
  assert.equal(formatNumber(Number.NaN), '–')
  assert.equal(formatWithUnit(90, '%'), '90.0%')
  assert.equal(formatWithUnit(1.5, 'ms'), '1.50 ms')
})
