// Runs our own loads as programs of their own, at the visitors' side of the topology.
import type { Bench } from '../bench.ts'
import type { Running } from '../processes.ts'
import type { LoadArguments } from './load-arguments.ts'
import { parseLoadResult, type LoadResult } from './load-result.ts'

type LoadName = 'requests' | 'new-visitors' | 'first-answer' | 'half-closers'
type HoldName = 'idle-visitors' | 'stalled-visitors' | 'idle-tls-visitors'

export function startLoad(bench: Bench, name: LoadName | HoldName, args: LoadArguments): Running {
  const argv = [bench.node, bench.script(`loads/${name}.ts`), JSON.stringify(args)]
  return bench.processes.start({ name: `load ${name}`, argv, place: bench.topology.relay })
}

/** Runs a load to its end. */
export async function runLoad(
  bench: Bench,
  name: LoadName,
  args: LoadArguments,
  timeoutMs: number,
): Promise<LoadResult> {
  return finishLoad(bench, startLoad(bench, name, args), timeoutMs)
}

export async function finishLoad(
  bench: Bench,
  load: Running,
  timeoutMs: number,
): Promise<LoadResult> {
  try {
    if (!(await load.ended(timeoutMs))) throw load.failure('failed')
    return parseLoadResult(load.stdout)
  } finally {
    await bench.processes.stop(load)
  }
}

export interface HeldVisitors extends AsyncDisposable {
  /** What happened while they were opened. */
  readonly opened: LoadResult
  /** The same and what happened since. */
  now(): Promise<LoadResult>
}

/** Opens visitors that stay until the handle is disposed of. */
export async function holdVisitors(
  bench: Bench,
  name: HoldName,
  args: LoadArguments,
  timeoutMs: number,
): Promise<HeldVisitors> {
  const load = startLoad(bench, name, args)
  const stop = () => bench.processes.stop(load)
  const line = (number: number) =>
    load.until('done', timeoutMs, () => {
      const lines = load.stdout.split('\n')
      return lines.length > number + 1 && lines[number]
    })
  try {
    const opened = parseLoadResult(await line(0))
    let asked = 0
    const now = async () => {
      asked += 1
      load.send('\n')
      return parseLoadResult(await line(asked))
    }
    return { opened, now, [Symbol.asyncDispose]: stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Waits until a visitor of the tunnel is answered by the origin. */
export async function waitUntilServed(
  bench: Bench,
  tunnel: { readonly host: string; readonly ports: { readonly http: number } },
  timeoutMs: number,
): Promise<void> {
  const args = { host: tunnel.host, port: tunnel.ports.http, timeoutMs }
  const { failed, reasons } = await runLoad(bench, 'first-answer', args, timeoutMs + 10_000)
  if (failed > 0) throw new Error(`no visitor was served: ${reasons.join(', ')}`)
}
