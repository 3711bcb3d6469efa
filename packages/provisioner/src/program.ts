// The commands, from a parsed command line to an exit code. Everything of the process comes in.
import { isIP } from 'node:net'
import { userInfo } from 'node:os'
import { isSallyportError, SallyportError } from '@sallyport/protocol'
import { createClients } from './aws-clients.ts'
import { errorName } from './aws-error.ts'
import { parseCommandLine, help, type CommandLine } from './command-line.ts'
import { readSettings, type Environment } from './env-file.ts'
import { iamPolicy } from './iam-policy.ts'
import { writeJoinFile } from './join-file.ts'
import { createReporter, emit, type Output } from './output.ts'
import { readRelayBundle } from './relay-bundle.ts'
import { createRelayBootstrap } from './relay-bootstrap.ts'
import { resolveName } from './resolve-name.ts'
import { parseSettings } from './settings.ts'
import { parseAuthority } from './authority-settings.ts'
import {
  runAddAgent,
  runCertify,
  runListAgents,
  runLogs,
  runRemoveAgent,
  runUpgrade,
} from './relay-program.ts'
import { down, plan, up, type StackOptions } from './stack.ts'
import { runStatus } from './status-program.ts'
import { enabledRegions, findStacks, type FoundStack } from './stacks.ts'
import { placeOf } from './tags.ts'

export interface ProgramOptions {
  readonly args: readonly string[]
  readonly env: Environment
  readonly output: Omit<Output, 'json'>
  readonly signal: AbortSignal
}

/** Runs one command; the exit code. Never rejects. */
export async function runProgram(options: ProgramOptions): Promise<number> {
  let line: CommandLine | undefined
  try {
    line = parseCommandLine(options.args)
    if (line === undefined) {
      options.output.out(help.trimEnd())
      return 0
    }
    return await run(options, line)
  } catch (error) {
    return fail(options, line, error)
  }
}

async function run(options: ProgramOptions, line: CommandLine): Promise<number> {
  const output: Output = { ...options.output, json: line.json }
  const fromEnv = readSettings(options.env, line.envFile)
  const settings = parseSettings((name) => line.settings.get(name) ?? fromEnv(name), userName())
  const report = createReporter(output)
  for (const message of settings.notes) report({ event: 'note', message })
  const { env, signal } = options
  const note = (message: string) => report({ event: 'note', message })
  const readBundle = () => readRelayBundle(env)
  const bootstrap = createRelayBootstrap({ readBundle, note })
  const stack = {
    settings,
    env,
    bootstrap,
    report,
    signal,
    now: () => new Date(),
    resolve: resolveName,
  }
  switch (line.command.do) {
    case 'plan':
      await plan(stack)
      return 0
    case 'up':
      return runUp(output, stack)
    case 'status':
      return runStatus(output, stack)
    case 'down':
      return runDown(output, stack, line.stack)
    case 'list':
      return runList(output, stack, line.allRegions)
    case 'iam-policy': {
      const recordName = settings.domain?.kind === 'route53' ? settings.domain.name : undefined
      const hasCaa = settings.issuer !== undefined
      output.out(JSON.stringify(iamPolicy({ recordName, hasCaa }), undefined, 2))
      return 0
    }
    case 'agents-add':
      return runAddAgent(output, stack, line.command.name, line.allow)
    case 'agents-ls':
      return runListAgents(output, stack)
    case 'agents-rm':
      return runRemoveAgent(output, stack, line.command.name)
    case 'logs':
      return runLogs(output, stack, line.lines)
    case 'certificate':
      return runCertify(
        output,
        stack,
        parseAuthority((name) => line.settings.get(name) ?? fromEnv(name)),
      )
    case 'upgrade':
      return runUpgrade(output, stack, readBundle())
  }
}

async function runUp(output: Output, stack: StackOptions): Promise<number> {
  const state = await up(stack)
  const { stateFile, relayPort } = stack.settings
  const joinFile = writeJoinFile(stateFile, state.joinString ?? '')
  const url = `https://${state.endpoint ?? ''}${relayPort === 443 ? '' : `:${relayPort}`}`
  if (output.json) {
    emit(output, 'ready', { url, address: state.address, stack: state.stack, join_file: joinFile })
    return 0
  }
  const name = isIP(state.endpoint ?? '') === 0 ? ` --url https://${state.endpoint ?? ''}` : ''
  output.error(`the relay stands at ${url}; next, with the port of your service for 3000:`)
  output.error(`  SALLYPORT_JOIN_FILE=${joinFile} agent connect 3000${name}`)
  output.out(state.joinString ?? '')
  return 0
}

async function runDown(output: Output, stack: StackOptions, id?: string): Promise<number> {
  const wasThere = await down({ ...stack, stack: id })
  if (output.json) emit(output, 'gone', { was_there: wasThere })
  else output.error(wasThere ? 'nothing of it is left' : 'there was nothing to end')
  return 0
}

async function runList(output: Output, stack: StackOptions, all: boolean): Promise<number> {
  const { settings, env } = stack
  const clientsOf = (region: string) =>
    createClients({ region, credentials: settings.credentials, env }).ec2
  const here = clientsOf(settings.region)
  const regions = all ? await enabledRegions(here) : [settings.region]
  const found: FoundStack[] = []
  for (const region of regions) found.push(...(await findStacks(clientsOf(region), region)))
  for (const one of found) {
    const isThisOne = one.place === placeOf(settings.stateFile)
    if (output.json) emit(output, 'stack', { ...one, is_this_one: isThisOne })
    else {
      const mark = isThisOne ? ' (of this state file)' : ''
      output.out(`${one.stack} ${one.region} ${one.resources.join(' ')}${mark}`)
    }
  }
  if (!output.json && found.length === 0) output.error(`no stack in ${regions.join(', ')}`)
  return 0
}

function fail(options: ProgramOptions, line: CommandLine | undefined, error: unknown): number {
  const { output } = options
  if (errorName(error) === 'AbortError' || options.signal.aborted) {
    const told = 'interrupted; what was made is on record: run up to go on, or down to remove it'
    if (line?.json) emit({ ...output, json: true }, 'interrupted', { message: told })
    else output.error(told)
    return 130
  }
  const own = isSallyportError(error)
    ? error
    : new SallyportError('SP_INTERNAL', error instanceof Error ? error.message : 'unknown', {
        cause: error,
      })
  const { code, message, exit } = own
  if (line?.json) emit({ ...output, json: true }, 'error', { code, message })
  else output.error(`provisioner: ${message} [${code}]`)
  if (line?.verbose === true && own.cause instanceof Error) output.error(String(own.cause.stack))
  return exit
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    // A user without an entry in the password file, as in some containers.
    return 'user'
  }
}
