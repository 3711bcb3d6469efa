// `npm run demo`: a relay, an agent and a service on the loopback, as three processes, and a visit
// through them. Stays up until Ctrl-C; with `-- --once` it ends after the visit, 0 if it went well.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { get } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { writeInspectorPage } from './inspector-page.ts'

const isOnce = process.argv.slice(2).includes('--once')
const startTimeoutMs = 20_000
const directory = mkdtempSync(join(tmpdir(), 'sallyport-demo-'))
const children: ChildProcess[] = []

/** Starts a program of the workspace; what it says to people is shown behind its name. */
function start(name: string, command: string, args: readonly string[], env = {}): ChildProcess {
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(child)
  createInterface({ input: child.stderr }).on('line', (line) => console.log(`  ${name}: ${line}`))
  return child
}

/** The first line of a child's stdout that `pick` gives something for. */
async function firstLine<T>(
  child: ChildProcess,
  pick: (line: string) => T | undefined,
): Promise<T> {
  const { stdout } = child
  if (!stdout) throw new Error('a child without stdout')
  return await new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('it took too long')), startTimeoutMs)
    const lines = createInterface({ input: stdout })
    lines.on('line', (line) => {
      const picked = pick(line)
      if (picked === undefined) return
      clearTimeout(late)
      resolve(picked)
    })
    lines.once('close', () => reject(new Error('it ended too early')))
  })
}

/** Picks a field of an NDJSON event. */
function field(event: string, name: string): (line: string) => string | undefined {
  return (line) => {
    const parsed: unknown = JSON.parse(line)
    if (typeof parsed !== 'object' || parsed === null) return undefined
    const record: Readonly<Record<string, unknown>> = { ...parsed }
    return record['event'] === event ? String(record[name]) : undefined
  }
}

async function main(): Promise<void> {
  await writeInspectorPage()
  const node = process.execPath
  const origin = start('service', node, [...process.execArgv, '--', 'scripts/demo-origin.ts'])
  const originPort = await firstLine(origin, (line) => line)
  console.log(`A service of yours listens on 127.0.0.1:${originPort}.`)

  const init = start('relay', 'node_modules/.bin/relay', [
    'init',
    '--dir',
    directory,
    '--host',
    '127.0.0.1',
    '--listen',
    '127.0.0.1:0',
  ])
  const joinString = await firstLine(init, (line) => line)
  console.log('relay init made a key, a certificate and the join string (a secret, not shown).')

  const relay = start('relay', 'node_modules/.bin/relay', ['--dir', directory, '--json'])
  const address = await firstLine(relay, field('listening', 'address'))
  console.log(`The relay listens on ${address}.`)

  const port = address.split(':').at(-1) ?? ''
  const agent = start(
    'agent',
    'node_modules/.bin/agent',
    ['connect', originPort, '--json', ...(isOnce ? ['--web-addr', 'off'] : [])],
    { SALLYPORT_JOIN: joinString.replace(/:\d+\?/, `:${port}?`) },
  )
  const url = await firstLine(agent, field('ready', 'url'))
  console.log(`The agent is ready: ${url}`)

  const path = '/hello?from=visitor'
  console.log(`\n> GET ${path}`)
  const certificate = join(directory, 'visitors.crt')
  const response = await visit(`${url}${path}`, certificate)
  const body = await text(response)
  console.log(`< HTTP/1.1 ${response.statusCode ?? 0} ${response.statusMessage ?? ''}`)
  console.log(`< ${body}`)
  if (response.statusCode !== 200 || !body.includes(path)) throw new Error('a wrong answer')

  if (isOnce) return
  console.log('Try it yourself, in another terminal:\n')
  console.log(`  curl --cacert ${certificate} ${url}/\n`)
  console.log('Ctrl-C ends everything.')
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
}

async function visit(url: string, certificate: string): Promise<IncomingMessage> {
  return await new Promise((resolve, reject) => {
    get(url, { ca: readFileSync(certificate), agent: false }, resolve).on('error', reject)
  })
}

async function stop(): Promise<void> {
  for (const child of children) child.kill('SIGTERM')
  const running = children.filter(({ exitCode, signalCode }) => exitCode === null && !signalCode)
  await Promise.all(running.map((child) => once(child, 'exit')))
  rmSync(directory, { recursive: true, force: true })
}

try {
  await main()
} catch (error) {
  console.error(`demo: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
} finally {
  await stop()
}
