// The origins that every peer forwards to, started afresh for each measurement: one iperf3, one
// nginx with one worker, one that answers only after the visitor's end.
import { mkdir, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Bench } from '../bench.ts'
import type { Running } from '../processes.ts'
import { largeFile, largeFileBytes, nginxConfig } from './nginx.ts'

/** The three ports of the origins, and of whatever stands for them at the visitor's side. */
export interface Ports {
  readonly iperf3: number
  readonly http: number
  readonly late: number
}

export interface Origins extends AsyncDisposable {
  readonly ports: Ports
  /**
   * Until iperf3 has seen the end of the test before. It refuses the next one until then, by a reset
   * that often overtakes its word "busy".
   */
  iperf3Idle(): Promise<void>
}

export async function takePorts(bench: Bench): Promise<Ports> {
  const [iperf3 = 0, http = 0, late = 0] = await bench.takePorts(3)
  return { iperf3, http, late }
}

export async function startOrigins(bench: Bench): Promise<Origins> {
  const { processes } = bench
  const { agent: place, originBind: host } = bench.topology
  const ports = await takePorts(bench)
  const directory = await bench.makeDirectory('origins')
  const webRoot = join(directory, 'www')
  await mkdir(webRoot)
  // Sparse: the bytes are zeros that cost no disk.
  await writeFile(join(webRoot, largeFile), '')
  await truncate(join(webRoot, largeFile), largeFileBytes)
  const config = join(directory, 'nginx.conf')
  await writeFile(
    config,
    nginxConfig({ directory, webRoot, host, port: ports.http, asRoot: bench.isRoot }),
  )

  let iperf3: Running | undefined
  const started: Running[] = []
  const start = (name: string, argv: readonly string[]) => {
    const running = processes.start({ name, argv, place })
    started.push(running)
    return running
  }
  const stop = async () => {
    await Promise.all(started.map((running) => processes.stop(running)))
  }
  try {
    iperf3 = start('iperf3 -s', [bench.tools.iperf3, '-s', '-B', host, '-p', String(ports.iperf3)])
    const nginx = start('nginx', [bench.tools.nginx, '-p', directory, '-c', config])
    const late = start('late-reply', [
      bench.node,
      bench.script('origins/late-reply.ts'),
      host,
      String(ports.late),
    ])
    await Promise.all([
      iperf3.listening(ports.iperf3),
      nginx.listening(ports.http),
      late.listening(ports.late),
    ])
  } catch (error) {
    await stop()
    throw error
  }
  return {
    ports,
    iperf3Idle: async () => {
      await iperf3?.idle(ports.iperf3)
    },
    [Symbol.asyncDispose]: stop,
  }
}
