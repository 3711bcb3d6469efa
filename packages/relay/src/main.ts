// The `relay` program: one command line in, an exit code out. Told everything about its process.
import { ExitCode, type Secret, isSallyportError } from '@sallyport/protocol'
import { type ListedAgent, addAgent, listAgents, removeAgent } from './agents-command.ts'
import { type CommandLine, type ConfiguredCommand, parseCommandLine } from './command-line.ts'
import {
  type Output,
  type PublicSettings,
  type ServeConfig,
  loadInitConfig,
  loadServeConfig,
} from './config.ts'
import { readDescriptors } from './descriptors.ts'
import type { Surroundings } from './env-file.ts'
import { help } from './help.ts'
import { type Log, createLog } from './log.ts'
import { LogRing } from './log-ring.ts'
import { startReloader } from './reload.ts'
import { check, serve } from './serve.ts'
import type { Flags } from './settings.ts'
import { readStatus } from './status-command.ts'
import { version } from './version.ts'

const signals = { SIGINT: 2, SIGTERM: 15 } as const
const signalNames = ['SIGINT', 'SIGTERM'] as const
export type EndSignal = (typeof signalNames)[number]

/** What a program needs of its process; `process` itself will do. */
export interface HostProcess {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
  cwd(): string
  on<S extends EndSignal | 'SIGHUP'>(signal: S, listener: (signal: S) => void): unknown
  /** Told of what ends the process before it does. */
  on(event: 'uncaughtExceptionMonitor', listener: (error: unknown) => void): unknown
  off<S extends EndSignal | 'SIGHUP'>(signal: S, listener: (signal: S) => void): unknown
  off(event: 'uncaughtExceptionMonitor', listener: (error: unknown) => void): unknown
}

/** Runs `relay` with the words after its name. @returns the exit code. */
export async function main(argv: readonly string[], process: HostProcess): Promise<number> {
  try {
    return await run(parseCommandLine(argv), process)
  } catch (error) {
    if (isSallyportError(error)) {
      process.stderr.write(`relay: ${error.message} (${error.code})\n`)
      return error.exit
    }
    process.stderr.write(describeFault(error))
    return ExitCode.failure
  }
}

function describeFault(error: unknown): string {
  const shown = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return `relay: a fault of Sallyport itself (SP_INTERNAL): ${shown}\n`
}

async function run({ command, flags }: CommandLine, process: HostProcess): Promise<number> {
  if (command.do === 'help') process.stdout.write(help)
  else if (command.do === 'version') process.stdout.write(`relay ${version}\n`)
  else if (command.do === 'init') await init(flags, process)
  else {
    const load = (): Promise<ServeConfig> => loadServeConfig(flags, surroundings(process))
    return await runConfigured(command, load, process)
  }
  return ExitCode.ok
}

async function init(flags: Flags, process: HostProcess): Promise<void> {
  const config = await loadInitConfig(flags, surroundings(process))
  // Loaded here, because only this command makes certificates.
  const { initRelay } = await import('./init.ts')
  const joinString = await initRelay(config, new Date())
  const log = openLog(config, process)
  if (config.isHostAssumed) {
    const advice = 'agents on other machines need --host NAME-OR-IP'
    log.note('warn', `the join string says ${config.host}: ${advice}`)
  }
  printJoinString(joinString, config, log, process)
}

/** Alone on stdout, once: it is stored nowhere. */
function printJoinString(
  joinString: Secret,
  { listen }: PublicSettings,
  log: Log,
  process: HostProcess,
): void {
  if (listen.port === 0) {
    log.note('warn', 'a relay on port 0 has another port at each start: correct the join string')
  }
  process.stdout.write(`${joinString.reveal()}\n`)
}

async function runConfigured(
  command: ConfiguredCommand,
  load: () => Promise<ServeConfig>,
  process: HostProcess,
): Promise<number> {
  const config = await load()
  using logRing = new LogRing(() => new Date())
  const log = openLog(config, process, logRing)
  switch (command.do) {
    case 'serve':
      return await serveUntilSignal(config, load, { log, logRing }, process)
    case 'check':
      for (const warning of await check(config)) log.note('warn', warning)
      log.note('info', `${config.state.path} and the settings are good${checkedFile(config)}`)
      return ExitCode.ok
    case 'status':
      process.stdout.write(await readStatus(config.state, config.json))
      return ExitCode.ok
    case 'add': {
      const joinString = await addAgent(config, command.name, config.allow)
      printJoinString(joinString, config, log, process)
      return ExitCode.ok
    }
    case 'remove':
      await removeAgent(config, command.name)
      log.note('info', `agent ${command.name} is removed`)
      return ExitCode.ok
    case 'list':
      for (const agent of await listAgents(config)) process.stdout.write(listLine(agent, config))
      return ExitCode.ok
  }
}

function checkedFile({ configPath }: ServeConfig): string {
  return configPath === undefined ? '' : `; read ${configPath}`
}

function listLine({ name, key, allow }: ListedAgent, { json }: Output): string {
  if (json) return `${JSON.stringify({ v: 1, event: 'agent', agent: name, key, allow })}\n`
  return `${name}\t${key}\t${allow}\n`
}

/** Serves until a signal; drains then, unless a second one comes. */
async function serveUntilSignal(
  config: ServeConfig,
  load: () => Promise<ServeConfig>,
  { log, logRing }: { readonly log: Log; readonly logRing: LogRing },
  process: HostProcess,
): Promise<number> {
  const first = Promise.withResolvers<void>()
  const second = Promise.withResolvers<EndSignal>()
  // From here on, so that a signal in the middle of the start is not lost.
  let received = 0
  const onSignal = (signal: EndSignal): void => {
    received += 1
    if (received === 1) first.resolve()
    else second.resolve(signal)
  }
  for (const signal of signalNames) process.on(signal, onSignal)
  // From here on too: unhandled, it would end the program.
  let reload = async (): Promise<void> => {}
  const onHangUp = (): void => void reload()
  process.on('SIGHUP', onHangUp)
  // Node tells stderr; who asks at the deploy door after the next start reads it here.
  const onFault = (error: unknown): void => logRing.add(describeFault(error))
  process.on('uncaughtExceptionMonitor', onFault)
  try {
    const { tcpPorts: ports } = config
    const descriptors = await readDescriptors(ports ? ports.last - ports.first + 1 : 0)
    const { relay, certificates, reopen } = await serve({
      config,
      log,
      logRing,
      descriptors,
      reload: () => reload(),
      restart: () => first.resolve(),
    })
    using reloader = startReloader({ relay, certificates, log, config, descriptors, load })
    reload = () => {
      reopen()
      return reloader.reload()
    }
    await first.promise
    const cutOff = await Promise.race([relay.drain(), second.promise])
    if (cutOff !== undefined) await relay.destroy()
    const exit = cutOff === undefined ? ExitCode.ok : 128 + signals[cutOff]
    log.event({ event: 'stopped', exit })
    return exit
  } catch (error) {
    const isOurs = isSallyportError(error)
    logRing.add(isOurs ? `relay: ${error.message} (${error.code})\n` : describeFault(error))
    // People get the line that main writes.
    if (config.json && isSallyportError(error)) {
      const { exit, code, message } = error
      log.event({ event: 'stopped', exit, code, message })
    }
    throw error
  } finally {
    for (const signal of signalNames) process.off(signal, onSignal)
    process.off('SIGHUP', onHangUp)
    process.off('uncaughtExceptionMonitor', onFault)
  }
}

function openLog(
  { json, logLevel }: Output,
  { stdout, stderr }: HostProcess,
  logRing?: LogRing,
): Log {
  const into =
    (stream: HostProcess['stdout']) =>
    (line: string): void => {
      logRing?.add(line)
      stream.write(line)
    }
  return createLog({ json, logLevel, out: into(stdout), err: into(stderr) })
}

function surroundings(process: HostProcess): Surroundings {
  return { variables: process.env, workingDirectory: process.cwd() }
}
