// How fast the HTTP edge is beside a bare reverse proxy of node:http, in one run on one machine. Only the
// ratio means anything; the figures are in docs/adr.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import test from 'node:test'
import { deadline } from '../support/deadline.ts'
import { startNginxOrigin } from '../support/nginx-origin.ts'
import { type ProxyProcess, startProxyProcess } from '../support/proxy-process.ts'
import { programPath, requires } from '../support/requires.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const modes = ['edge', 'edge-tapped', 'node-http', 'node-http-duplex'] as const
const rounds = 3

const loads = {
  'GET, 100 bytes': { path: '/', script: '' },
  'POST of 1,000 bytes': {
    path: '/',
    script: 'wrk.method = "POST"\nwrk.body = string.rep("z", 1000)\n',
  },
  'GET, 100,000 bytes': { path: '/large', script: '' },
} as const
type Load = keyof typeof loads

interface Figure {
  readonly perSecond: number
  /** Processor time of the proxy for a request: what a busy machine distorts least. */
  readonly cpuMicros: number
  readonly p99: string
}

/** wrk at 50 connections for two seconds. */
async function measure(proxy: ProxyProcess, path: string, script: string): Promise<Figure> {
  const url = `http://127.0.0.1:${proxy.port}${path}`
  const args = ['-t1', '-c50', '-d2s', '--latency', '-s', script, url]
  const before = await proxy.cpuSeconds()
  const child = spawn(programPath('wrk'), args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const output = await deadline(text(child.stdout), 30_000, 'end of wrk')
  const cpuSeconds = (await proxy.cpuSeconds()) - before
  assert.doesNotMatch(output, /Socket errors|Non-2xx/)
  return {
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(output)?.[1]),
    cpuMicros: (cpuSeconds * 1e6) / Number(/(\d+) requests in/.exec(output)?.[1]),
    p99: /99%\s+(\S+)/.exec(output)?.[1] ?? '',
  }
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

test(
  'http edge: carries more requests than a bare proxy of node:http',
  requires('nginx', 'wrk'),
  async (t) => {
    await using origin = await startNginxOrigin()
    await using directory = await temporaryDirectory()
    const figures = new Map<string, Figure[]>()
    for (let round = 0; round < rounds; round++) {
      for (const mode of modes) {
        await using proxy = await startProxyProcess(mode, origin.port)
        for (const [name, { path, script }] of Object.entries(loads)) {
          const file = directory.join('load.lua')
          await writeFile(file, script)
          const key = `${mode}: ${name}`
          figures.set(key, [...(figures.get(key) ?? []), await measure(proxy, path, file)])
        }
      }
    }
    for (const [key, all] of figures) {
      const rates = all.map((figure) => Math.round(figure.perSecond)).join(' ')
      const micros = all.map((figure) => figure.cpuMicros.toFixed(1)).join(' ')
      const late = all.map(({ p99 }) => p99).join(' ')
      t.diagnostic(`${key}: ${rates} requests/s, ${micros} µs of processor each, p99 ${late}`)
    }
    for (const load of Object.keys(loads) as Load[]) {
      const middle = (mode: (typeof modes)[number], of: (figure: Figure) => number): number =>
        median((figures.get(`${mode}: ${load}`) ?? []).map(of))
      const rate = (mode: (typeof modes)[number]): number => middle(mode, (one) => one.perSecond)
      const cost = (mode: (typeof modes)[number]): number => middle(mode, (one) => one.cpuMicros)
      const faster = rate('edge') / rate('node-http')
      const cheaper = cost('node-http') / cost('edge')
      t.diagnostic(
        `${load}: ${faster.toFixed(2)} x the requests, 1/${cheaper.toFixed(2)} the processor`,
      )
      assert.ok(faster > 1.2 && cheaper > 1.2, load)
      assert.ok(cost('node-http') / cost('edge-tapped') > 1.1, `${load}, tapped`)
    }
  },
)
