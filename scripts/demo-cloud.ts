// `npm run demo:cloud`: from AWS credentials to a visit and back to nothing, without an account. EC2
// and Route 53 are the tests' stand-in on the loopback; the user-data, the claim, the relay, the agent
// and the visit are real. Narrates what it does and ends by itself.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { startProcessCloud } from '../test/support/machine/process-cloud.ts'
import { visitUrlWithin } from '../test/support/visit-url.ts'
import { buildRelayBundle } from './bundle.ts'

const relayPort = 8443
const began = performance.now()
const directory = mkdtempSync(join(tmpdir(), 'sallyport-demo-'))
const children = new Set<ChildProcess>()

function say(text: string): void {
  const seconds = ((performance.now() - began) / 1_000).toFixed(1).padStart(5)
  console.log(`\n${seconds} s  ${text}`)
}

function show(line: string): void {
  // The join string holds the agent's key: a demonstration is often recorded.
  console.log(`         ${line.replace(/sallyport:\/\/[^@]+@/, 'sallyport://[redacted]@')}`)
}

interface Run {
  readonly program: 'provisioner' | 'agent'
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** Starts a program from its sources and shows what it says. */
function start({ program, args, env }: Run): ChildProcess {
  console.log(`         $ ${program} ${args.join(' ')}`)
  const script = resolve(`packages/${program}/src/cli.ts`)
  const child = spawn(process.execPath, ['--conditions=@sallyport/source', script, ...args], {
    cwd: directory,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.add(child)
  child.once('exit', () => children.delete(child))
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface({ input: stream }).on('line', show)
  }
  return child
}

async function finish(run: Run): Promise<void> {
  const child = start(run)
  await once(child, 'close')
  if (child.exitCode !== 0) throw new Error(`${run.program} ended with ${String(child.exitCode)}`)
}

async function main(): Promise<void> {
  say('Building the relay as one file, and starting a stand-in for EC2 on the loopback.')
  const bundle = join(directory, 'relay-bundle.mjs')
  const bytes = await buildRelayBundle(bundle)
  show(`the relay: ${Math.round(bytes / 1024)} KiB`)
  await using cloud = await startProcessCloud({ port: relayPort })
  const env = {
    ...cloud.fake.env,
    SALLYPORT_RELAY_PORT: String(relayPort),
    SALLYPORT_RELAY_BUNDLE: bundle,
  }

  say('What would be made, what it costs, and whether the credentials allow it:')
  await finish({ program: 'provisioner', args: ['plan'], env })

  say(
    'Making it. The instance starts with 9 KB of user-data and no secret that lasts; it is claimed',
  )
  console.log('         over TLS, takes the relay, and starts it. No ssh, no key pair, no role.')
  await finish({ program: 'provisioner', args: ['up'], env })
  for (const machine of cloud.machines.values()) {
    show('what the instance asked of systemd, in order:')
    for (const line of machine.log()) show(`  ${line}`)
  }
  const mode = (statSync(join(directory, 'server_info.json')).mode & 0o777).toString(8)
  show(`server_info.json has mode ${mode}; the join string for the agent is beside it`)

  say('A service on this machine, and the agent that gives it a public address:')
  const origin = createServer((_, response) => response.end('hello from behind the router\n'))
  origin.listen(0, '127.0.0.1')
  await once(origin, 'listening')
  const bound = origin.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0
  const joinFile = join(directory, 'server_info.join')
  const host = /@(.*):\d+\?/.exec(readFileSync(joinFile, 'utf8'))?.[1] ?? ''
  const agent = start({
    program: 'agent',
    args: ['connect', String(port)],
    env: { SALLYPORT_JOIN_FILE: joinFile },
  })

  const url = `https://${host}:${relayPort}/`
  const answer = await visitUrlWithin(url, 20_000)
  say(`A visitor asks for ${url} and reads:`)
  show(answer.trim())

  say('Ending it, and looking whether anything is left:')
  agent.kill('SIGTERM')
  await once(agent, 'exit')
  origin.close()
  await finish({ program: 'provisioner', args: ['down'], env })
  const left = cloud.fake.world.remaining()
  if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`)
  say('Done: nothing is left. With an account of your own the same commands do the same on EC2.')
}

process.on('SIGINT', () => process.exit(130))
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(directory, { recursive: true, force: true })
})
try {
  await main()
} catch (error) {
  console.error(`demo: ${error instanceof Error ? error.message : String(error)}`)
  process.exit(1)
}
