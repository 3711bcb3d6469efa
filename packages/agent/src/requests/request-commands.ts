// `agent requests` and `agent replay`: their words and flags, and the secrets that they need.
import { systemClock } from '@sallyport/mux'
import { ExitCode, Secret, badInput } from '@sallyport/protocol'
import { fileErrorCode, readSmallFile } from '@sallyport/settings'
import { resolve } from 'node:path'
import type { CommandLine } from '../command-line.ts'
import { readEnvFile } from '../env-file.ts'
import { refuseOpenFile } from '../join-source.ts'
import type { Surroundings, Variables } from '../settings.ts'
import { editText } from './edit-text.ts'
import { findInspector } from './find-inspector.ts'
import { notesDirectory, readNotes } from './inspector-note.ts'
import { type Replay, prepareReplay, secretVariable } from './replay-command.ts'
import { listRequests } from './requests-command.ts'
import { type Signer, signers } from './signatures.ts'
import { watchDirectory } from './watch-directory.ts'

export interface RequestHost {
  readonly env: Variables
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
  cwd(): string
  kill(pid: number, signal: 0): unknown
  on(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown
  off(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown
}

/** @returns the exit code. @throws {SallyportError} SP_USAGE, SP_CONFIG, SP_STATE. */
export async function runRequestCommand(
  { words, flags }: CommandLine,
  host: RequestHost,
): Promise<number> {
  const [command, ...rest] = words
  const isJson = flags.has('json')
  const directory = notesDirectory(host.env)
  const notes =
    directory === undefined ? [] : await readNotes(directory, (pid) => isAlive(host, pid))
  const api = findInspector(notes, flags.get('web-addr')?.[0])
  if (command === 'requests') return await listRequests(api, rest, isJson, host.stdout)
  const [id, extra] = rest
  if (id === undefined || extra !== undefined) {
    throw badInput('SP_USAGE', {
      what: 'argument',
      where: 'after replay',
      ...(extra !== undefined && { value: extra }),
      right: 'one ID of agent requests, or last',
    })
  }
  const variables = await variablesOf(flags.get('env-file')?.[0], host)
  const replay = await prepareReplay({
    api,
    id,
    clock: systemClock,
    wallNow: Date.now,
    secrets: await secretsOf(variables, host.cwd()),
    ...(flags.has('edit') && { edit: (text: string) => editText(text, host.env) }),
    isJson,
    stdout: host.stdout,
    stderr: host.stderr,
  })
  if (!replay) {
    host.stderr.write('agent: nothing is sent\n')
    return ExitCode.ok
  }
  const [watched] = flags.get('on-change') ?? []
  if (watched === undefined) return await replay.send()
  return await sendOnChange(replay, resolve(host.cwd(), watched), host)
}

/** Until a signal; one at a time, and a change meanwhile counts once. */
async function sendOnChange(replay: Replay, path: string, host: RequestHost): Promise<number> {
  const { promise, resolve: end, reject } = Promise.withResolvers<undefined>()
  let isSending = false
  let isDue = false
  const send = async (): Promise<void> => {
    isDue = true
    if (isSending) return
    isSending = true
    while (isDue) {
      isDue = false
      await replay.send()
    }
    isSending = false
  }
  using _watch = watchDirectory(path, systemClock, () => void send().catch(reject))
  const onSignal = (): void => end(undefined)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) host.on(signal, onSignal)
  host.stderr.write(`agent: sends it at each change below ${path}; Ctrl-C ends\n`)
  try {
    await promise
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) host.off(signal, onSignal)
  }
  return ExitCode.ok
}

/** The environment, and behind it the env file. */
async function variablesOf(envFile: string | undefined, host: RequestHost): Promise<Variables> {
  const surroundings: Surroundings = {
    variables: host.env,
    workingDirectory: host.cwd(),
    readInput: () => Promise.resolve(''),
  }
  const file = await readEnvFile(envFile, surroundings)
  return { ...file?.variables, ...host.env }
}

async function secretsOf(
  variables: Variables,
  workingDirectory: string,
): Promise<Readonly<Partial<Record<Signer, Secret>>>> {
  const secrets: Partial<Record<Signer, Secret>> = {}
  for (const signer of signers) {
    const name = secretVariable(signer)
    const own = variables[name]
    const file = variables[`${name}_FILE`]
    if (own) secrets[signer] = new Secret(own)
    else if (file) secrets[signer] = await secretIn(resolve(workingDirectory, file), `${name}_FILE`)
  }
  return secrets
}

async function secretIn(path: string, where: string): Promise<Secret> {
  const file = await readSmallFile(path).catch((error: unknown) => {
    const right = `a file that can be read (${fileErrorCode(error)})`
    throw badInput('SP_CONFIG', { what: 'secret file', where, value: path, right })
  })
  refuseOpenFile(file.mode, path, where, 'secret file')
  return new Secret(file.text.trim())
}

function isAlive(host: RequestHost, pid: number): boolean {
  try {
    host.kill(pid, 0)
    return true
  } catch (error) {
    // It is another user's, and alive.
    return fileErrorCode(error) === 'EPERM'
  }
}
