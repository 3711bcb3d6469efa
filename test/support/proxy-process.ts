// test/support/http-proxy-program.ts as a process: its port, and what it uses of memory and processor.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { deadline } from './deadline.ts'
import { repositoryRoot } from './run-program.ts'

export interface ProxyProcess extends AsyncDisposable {
  readonly port: number
  /** Its resident set at the largest, in bytes (Linux). */
  peakBytes(): Promise<number>
  /** What it has used of a processor so far, in seconds (Linux). */
  cpuSeconds(): Promise<number>
}

/** Clock ticks per second in /proc (USER_HZ): 100 on every Linux that Node runs on. */
const ticksPerSecond = 100

export async function startProxyProcess(mode: string, originPort: number): Promise<ProxyProcess> {
  const program = 'test/support/http-proxy-program.ts'
  const child = spawn(
    process.execPath,
    ['--conditions=@sallyport/source', program, mode, String(originPort)],
    { cwd: repositoryRoot, stdio: ['pipe', 'pipe', 'inherit'] },
  )
  const listening = once(createInterface({ input: child.stdout }), 'line')
  const [line] = (await deadline(listening, 20_000, `port of ${mode}`)) as [string]
  return {
    port: Number(line),
    async peakBytes() {
      const status = await readFile(`/proc/${child.pid ?? 0}/status`, 'utf8')
      return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
    },
    async cpuSeconds() {
      const stat = await readFile(`/proc/${child.pid ?? 0}/stat`, 'utf8')
      // Behind the name in brackets: state is field 3, utime and stime are 14 and 15 (proc(5)).
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
    },
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit')
      child.stdin.end()
      await deadline(ended, 10_000, `end of ${mode}`)
    },
  }
}
