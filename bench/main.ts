// `npm run bench`: composes a run, shows its progress on stderr, and writes JSON, a Markdown table and
// a chart into bench/results/ after every round. Ends all that it started, also on Ctrl-C.
import { mkdtempSync, rmSync } from 'node:fs'
import { mkdir, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArguments, usage, type Arguments } from './arguments.ts'
import type { Bench } from './bench.ts'
import { createFindProgram, type FindProgram } from './find-program.ts'
import { describeMachine, readVersion } from './machine.ts'
import type { Peer } from './peers/peer.ts'
import { createPorts } from './ports.ts'
import { Processes } from './processes.ts'
import { formatProgress } from './report/progress.ts'
import { writeReport } from './report/write-report.ts'
import type { BenchResult } from './result.ts'
import { measureInQuiet, measureOnce, runRounds } from './run.ts'
import { loopback } from './topology.ts'
import { startWan } from './wan/wan.ts'

const directory = import.meta.dirname
const root = dirname(directory)

function readArguments(): Arguments {
  try {
    const parsed = parseArguments(process.argv.slice(2))
    if (parsed !== 'help') return parsed
    console.log(usage)
    process.exit(0)
  } catch (error) {
    console.error(`bench: ${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
    process.exit(2)
  }
}

function needTool(findProgram: FindProgram, name: string): string {
  const path = findProgram(name)
  if (path !== undefined) return path
  console.error(`bench: needs ${name} on PATH (apt-get install iperf3 wrk nginx-light)`)
  process.exit(1)
}

/** What the programs of a run inherit: our own settings would steer ours and not the peers. */
function childEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('SALLYPORT_'))
  return Object.fromEntries(own)
}

const { metrics, peers: asked, rounds, seconds, repeats, wan } = readArguments()
const findProgram = createFindProgram(process.env['SALLYPORT_PEERS'], process.env['PATH'])
const tools = {
  iperf3: needTool(findProgram, 'iperf3'),
  nginx: needTool(findProgram, 'nginx'),
  wrk: needTool(findProgram, 'wrk'),
}
const temporary = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
const processes = new Processes(childEnvironment())
process.once('exit', () => {
  processes.killAll()
  rmSync(temporary, { recursive: true, force: true })
})

await using cleanUp = new AsyncDisposableStack()
cleanUp.defer(() => processes.stopAll())
const makeDirectory = (name: string) => mkdtemp(join(temporary, `${name}-`))
const topology = wan
  ? cleanUp.use(await startWan({ processes, findProgram, makeDirectory, directory }, wan)).topology
  : loopback
const bench: Bench = {
  processes,
  topology,
  findProgram,
  tools,
  root,
  seconds,
  makeDirectory,
  takePorts: createPorts(),
  pid: process.pid,
  node: process.execPath,
  isRoot: process.getuid?.() === 0,
  script: (path) => join(directory, path),
}

const missing = (peer: Peer) => peer.programs.filter((name) => findProgram(name) === undefined)
const absent = asked.filter((peer) => missing(peer).length > 0)
const peers = asked.filter((peer) => missing(peer).length === 0)
for (const peer of absent) {
  console.error(`bench: ${peer.label} is absent: ${missing(peer).join(', ')} not found`)
}

async function versionOf(peer: Peer): Promise<string> {
  const [name, ...args] = peer.version ?? []
  const path = name === undefined ? undefined : findProgram(name)
  return path === undefined ? '' : readVersion(bench, [path, ...args])
}

const started = new Date()
const result: BenchResult = {
  v: 1,
  startedAt: started.toISOString(),
  isComplete: false,
  minutes: 0,
  machine: await describeMachine(bench, process.version),
  rounds,
  seconds,
  wan,
  peers: await Promise.all(
    peers.map(async (peer) => ({
      id: peer.id,
      label: peer.label,
      protection: peer.protection,
      version: await versionOf(peer),
    })),
  ),
  absent: absent.map((peer) => ({ id: peer.id, label: peer.label, missing: missing(peer) })),
  metrics: metrics.map(({ id, title, method, readings }) => ({ id, title, method, readings })),
  excluded: metrics.flatMap((metric) =>
    peers.flatMap((peer) => {
      const why = metric.exclude?.(peer)
      return why === undefined ? [] : [{ metric: metric.id, peer: peer.id, why }]
    }),
  ),
  outcomes: [],
}

const output = join(directory, 'results')
await mkdir(output, { recursive: true })
const stamp = result.startedAt.slice(0, 19).replaceAll(':', '')
const base = join(output, wan ? `${stamp}-wan` : stamp)
const save = async () => {
  result.minutes = (Date.now() - started.getTime()) / 60_000
  await writeReport(base, result)
}

const expected = rounds * (metrics.length * peers.length - result.excluded.length)
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    console.error(`bench: ${signal}: ending; what was measured so far is in ${base}.json`)
    void save().finally(() => process.exit(signal === 'SIGINT' ? 130 : 143))
  })
}
for await (const outcome of runRounds({ metrics, peers, rounds }, (metric, peer) =>
  measureInQuiet(repeats, () => measureOnce(bench, metric, peer)),
)) {
  result.outcomes.push(outcome)
  console.error(formatProgress(outcome, metrics, result.outcomes.length, expected))
  if (result.outcomes.length % peers.length === 0) await save()
}
result.isComplete = true
await save()
console.log(`${base}.md`)
