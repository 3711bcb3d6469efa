// The `agent` program: one command line in, an exit code out. Told everything about its process.
import { systemClock } from '@sallyport/mux'
import { ExitCode, SallyportError, badInput, isSallyportError } from '@sallyport/protocol'
import { Agent } from './agent.ts'
import { type CommandLine, parseCommandLine } from './command-line.ts'
import { type AgentConfig, loadConfig } from './config.ts'
import { joinTaps } from './doctor/doctor-tap.ts'
import type { AgentEvent } from './events.ts'
import { hasTerminal, isInForeground } from './foreground.ts'
import { help } from './help.ts'
import { type TerminalInput, createKnockPrompt } from './knock-prompt.ts'
import type { AskAboutKnock } from './knock.ts'
import { knownVisitorsFile, knownVisitorsPath } from './known-visitors-file.ts'
import { KnownVisitors } from './known-visitors.ts'
import { maxSettingsFileBytes } from '@sallyport/settings'
import { formatPasswordLine } from './http/index.ts'
import { startInspection } from './inspection.ts'
import type { InspectorServer } from './inspector/index.ts'
import { Log, formatJson } from './log.ts'
import { startReloader } from './reload.ts'
import { notesDirectory, writeNote } from './requests/inspector-note.ts'
import { runRequestCommand } from './requests/request-commands.ts'
import { software, version } from './software.ts'
import { type TerminalOutput, openScreen } from './terminal/screen.ts'
import { runWhy, whyCommandLine } from './why/why-command.ts'

const signalNumbers = { SIGINT: 2, SIGTERM: 15 } as const
export type EndSignal = keyof typeof signalNumbers
const endSignals = ['SIGINT', 'SIGTERM'] as const satisfies readonly EndSignal[]

/** What the program needs of its process; `process` itself will do. */
export interface HostProcess {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdin: AsyncIterable<unknown> &
    TerminalInput & { readonly isTTY?: boolean; destroy(): unknown }
  readonly stdout: { write(text: string): unknown }
  readonly stderr: TerminalOutput
  readonly pid: number
  kill(pid: number, signal: 0): unknown
  cwd(): string
  on(signal: EndSignal | 'SIGHUP' | 'SIGCONT', listener: () => void): unknown
  off(signal: EndSignal | 'SIGHUP' | 'SIGCONT', listener: () => void): unknown
}

/** Runs `agent` with the words after its name. @returns the exit code. */
export async function main(argv: readonly string[], host: HostProcess): Promise<number> {
  try {
    return await run(parseCommandLine(argv), host)
  } catch (cause) {
    const error = isSallyportError(cause)
      ? cause
      : new SallyportError('SP_INTERNAL', textOf(cause), { cause })
    const { code, message, exit } = error
    host.stderr.write(`agent: ${message} (${code})\n`)
    if (argv.includes('--json')) printJson(host, { event: 'stopped', exit, code, message })
    return exit
  }
}

async function run(commandLine: CommandLine, host: HostProcess): Promise<number> {
  const { words, flags } = commandLine
  const [command = ''] = words
  if (flags.has('help') || command === 'help') {
    host.stdout.write(help)
    return ExitCode.ok
  }
  if (flags.has('version')) {
    host.stdout.write(`agent ${version}\n`)
    return ExitCode.ok
  }
  if (command === 'password') return await makePasswordLine(commandLine, host)
  if (command === 'requests' || command === 'replay') {
    return await runRequestCommand(commandLine, host)
  }
  if (command !== 'connect' && command !== 'check' && command !== 'why') {
    throw badInput('SP_USAGE', {
      what: 'command',
      where: 'argument 1',
      ...(command === '' ? {} : { value: command }),
      right: 'agent connect [TARGET], agent check or agent why; agent --help lists the rest',
    })
  }
  // What was pasted once is not asked for again when the settings are read again.
  let pasted: Promise<string> | undefined
  const known = new KnownVisitors(
    knownVisitorsFile(knownVisitorsPath(host.env), (text) => {
      host.stderr.write(`agent: warning: ${text}\n`)
    }),
  )
  const load = async (): Promise<AgentConfig> => {
    const config = await loadConfig(command === 'why' ? whyCommandLine(commandLine) : commandLine, {
      variables: host.env,
      workingDirectory: host.cwd(),
      readInput: () => (pasted ??= readLine(host)),
    })
    if (config.routes.some(({ knock }) => knock === true)) await known.load()
    return config
  }
  const config = await load()
  if (command === 'why') return await runWhy(config, host.stdout)
  if (command === 'check') {
    host.stderr.write(`agent: the settings are good${checkedFile(config)}\n`)
    return ExitCode.ok
  }
  // A stdin that was read for the join string is closed.
  const canAsk = host.stdin.isTTY === true && pasted === undefined
  const askAboutKnock = canAsk ? promptAt(host) : undefined
  return await connect({ ...config, askAboutKnock, knownVisitors: known }, load, host)
}

function promptAt({ stdin: input, stderr: output }: HostProcess): AskAboutKnock {
  return createKnockPrompt({ input, output, clock: systemClock, isForeground: isInForeground })
}

function checkedFile({ configPath, routes }: AgentConfig): string {
  return configPath === undefined ? '' : `, ${routes.length} routes; read ${configPath}`
}

/** Serves until it is ended: the first signal drains, the second ends at once. */
async function connect(
  config: AgentConfig,
  load: () => Promise<AgentConfig>,
  host: HostProcess,
): Promise<number> {
  const { json, qr, logLevel, configPath: _, urls: __, inspector, ...settings } = config
  let level = logLevel
  await using inspection = inspector && (await startInspection(inspector, () => agent))
  await using _note = inspection && (await leaveNote(inspection, host))
  using screen = openScreen({
    host,
    clock: systemClock,
    isForMachines: json,
    hasQr: qr,
    isForeground: isInForeground,
  })
  const { askAboutKnock: ask } = settings
  const agent = new Agent(
    { ...settings, software, askAboutKnock: ask && screen.asking(ask) },
    { tapOf: (route) => joinTaps(inspection?.tapOf(route), screen.tap) },
  )
  const log = new Log(logLevel)
  const print = (event: AgentEvent & { readonly exit?: number }): void => {
    if (event.event === 'visit' && level !== 'debug') return
    for (const line of log.lines(event)) screen.print(line)
    if (json) printJson(host, event)
  }
  agent.onAny((event) => {
    // Printed below, with the exit code.
    if (event.event !== 'stopped') print(event)
  })
  screen.show(agent)

  if (inspection) {
    agent.on('visit', (visit) => inspection.recordVisit(visit))
    print({ event: 'inspecting', url: inspection.url, link: inspection.link })
  }

  let signalled = 0
  const again = Promise.withResolvers<undefined>()
  const listeners = endSignals.map((signal) => {
    const listener = (): void => {
      const isSecond = signalled !== 0
      signalled = 128 + signalNumbers[signal]
      if (isSecond) again.resolve(undefined)
      else void agent.close()
    }
    host.on(signal, listener)
    return () => host.off(signal, listener)
  })

  using reloader = startReloader({
    agent,
    config,
    load,
    setLogLevel: (next) => {
      level = next
      log.setLevel(next)
    },
    note: (at, text) => {
      for (const line of log.note(at, text)) screen.print(line)
    },
  })
  const onHangUp = async (): Promise<void> => {
    // Whoever closes the terminal does not mean the service to stay open to everybody.
    if (host.stdin.isTTY === true && !(await hasTerminal())) void agent.close()
    else void reloader.reload()
  }
  const onSignal = (): void => void onHangUp()
  host.on('SIGHUP', onSignal)
  listeners.push(() => host.off('SIGHUP', onSignal))

  agent.start()
  const reason = await Promise.race([agent.stopped, again.promise.then(() => cutOff)])
  for (const remove of listeners) remove()
  if (reason === cutOff) void agent.destroy()
  // A drain that finished is a success; one that was cut off is the signal's.
  const exit = reason === undefined ? ExitCode.ok : signalled || reason.exit
  const why = reason && { code: reason.code, message: reason.message }
  print({ event: 'stopped', exit, ...why })
  return exit
}

/** For `agent requests` and `agent replay`; what stands in their way is told, and no more. */
async function leaveNote(
  inspection: InspectorServer,
  { env, pid, stderr }: HostProcess,
): Promise<AsyncDisposable | undefined> {
  const directory = notesDirectory(env)
  if (directory === undefined) return undefined
  try {
    return await writeNote(directory, pid, inspection)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    stderr.write(`agent: warning: agent requests will not find this agent: ${why}\n`)
    return undefined
  }
}

const cutOff = new SallyportError('SP_ABORTED', 'ended by a second signal: visitors were cut off')

function printJson(host: HostProcess, event: Parameters<typeof formatJson>[0]): void {
  host.stdout.write(`${formatJson(event)}\n`)
}

/** The first line of stdin that is not empty; the rest is not waited for. */
/** `agent password NAME`: a line for --basic-auth-file, from a password on stdin. */
async function makePasswordLine({ words }: CommandLine, host: HostProcess): Promise<number> {
  const [, name = '', extra] = words
  if (!/^[^:\s]+$/.test(name) || extra !== undefined) {
    const right = 'one NAME without blanks and colons; its password comes from stdin'
    throw badInput('SP_USAGE', { what: 'user', where: 'argument 2', value: name, right })
  }
  const password = await readLine(host, 'Type the password, then Enter: it is shown.')
  if (password === '') {
    throw badInput('SP_USAGE', { what: 'password', where: 'stdin', right: 'one line' })
  }
  host.stdout.write(`${await formatPasswordLine(name, password)}\n`)
  return ExitCode.ok
}

async function readLine(
  { stdin, stderr }: HostProcess,
  prompt = 'Paste the join string, then Enter.',
): Promise<string> {
  if (stdin.isTTY === true) stderr.write(`${prompt}\n`)
  let text = ''
  for await (const chunk of stdin) {
    text = (text + String(chunk)).trimStart()
    if (text.includes('\n') || text.length > maxSettingsFileBytes) break
  }
  stdin.destroy()
  return text.split('\n', 1)[0] ?? ''
}

function textOf(cause: unknown): string {
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
}
