// `npm test`: every *.test.ts of the packages, of test/ and of bench/, but for the slow tiers.
// `npm test -- PATTERN…` runs the files whose path contains one of the patterns;
// `npm run test:faults -- PATTERN…` does the same in the tier of faults.
import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { writeInspectorPage } from './inspector-page.ts'

interface Tier {
  /** Where its tests lie. Every other tier leaves these directories out. */
  readonly directory: string | undefined
  /** One test may take this long. */
  readonly testTimeoutMs: number
  /** All of them may: a file that keeps a socket or a timer never ends by itself. */
  readonly totalTimeoutMs: number
  /** Test files at once. Most of them wait for sockets, so two share a core well. */
  readonly concurrency: number
}

const minuteMs = 60_000
const tiers: Readonly<Record<string, Tier>> = {
  fast: {
    directory: undefined,
    testTimeoutMs: minuteMs,
    totalTimeoutMs: 10 * minuteMs,
    concurrency: Math.max(2, availableParallelism()),
  },
  // One at a time: they measure how soon something is noticed.
  faults: {
    directory: 'test/faults/',
    testTimeoutMs: 10 * minuteMs,
    totalTimeoutMs: 60 * minuteMs,
    concurrency: 1,
  },
  // Against a real authority, which connects to the relay's doors.
  acme: {
    directory: 'test/acme/',
    testTimeoutMs: 5 * minuteMs,
    totalTimeoutMs: 20 * minuteMs,
    concurrency: 2,
  },
  // Machines that boot, emulated where there is no KVM.
  vm: {
    directory: 'test/vm/',
    testTimeoutMs: 20 * minuteMs,
    totalTimeoutMs: 60 * minuteMs,
    concurrency: 1,
  },
}

const slowDirectories = Object.values(tiers).flatMap(({ directory }) => directory ?? [])

const args = process.argv.slice(2)
const tierName = args[0]?.startsWith('--tier=') ? (args.shift() ?? '').slice(7) : 'fast'
const tier = tiers[tierName]
if (!tier) {
  console.error(`test: no tier ${tierName}; there are ${Object.keys(tiers).join(', ')}`)
  process.exit(2)
}

const files = globSync(['packages/*/src/**/*.test.ts', 'test/**/*.test.ts', 'bench/**/*.test.ts'])
  .filter((file) =>
    tier.directory === undefined
      ? !slowDirectories.some((directory) => file.startsWith(directory))
      : file.startsWith(tier.directory),
  )
  .filter((file) => args.length === 0 || args.some((pattern) => file.includes(pattern)))
  .sort()

if (files.length === 0) {
  console.error(`test: no test file of the tier '${tierName}' matches: ${args.join(' ')}`)
  process.exit(2)
}

// What agents of the tests serve: of these sources, not of an earlier build.
await writeInspectorPage()

const runner = spawn(
  process.execPath,
  [
    ...process.execArgv,
    '--test',
    '--test-reporter=spec',
    `--test-timeout=${tier.testTimeoutMs}`,
    `--test-concurrency=${tier.concurrency}`,
    ...files,
  ],
  { stdio: 'inherit' },
)
// On SIGTERM the runner says which files had not ended.
const late = setTimeout(() => {
  console.error(`test: not done after ${tier.totalTimeoutMs / minuteMs} minutes`)
  runner.kill('SIGTERM')
}, tier.totalTimeoutMs)
process.on('SIGTERM', () => runner.kill('SIGTERM'))
process.on('SIGINT', () => {})
runner.on('exit', (code) => {
  clearTimeout(late)
  process.exitCode = code ?? 1
})
