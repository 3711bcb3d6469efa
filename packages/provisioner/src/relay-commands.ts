// What is done with a relay that stands, over its deploy door: agents, logs, its own status. AWS is not
// asked for any of it.
import {
  computePin,
  formatJoinString,
  generateAgentKey,
  oneLine,
  parsePermissions,
  parseToken,
  SallyportError,
} from '@sallyport/protocol'
import { callRelay, type DeployCall } from './deploy-call.ts'
import type { StackOptions } from './stack.ts'
import { readState, type State } from './state-file.ts'

/** A stack whose relay was claimed. */
export interface Claimed {
  readonly endpoint: string
  readonly address: string
  readonly deployKey: string
  readonly spki: string
}

export interface ListedAgent {
  readonly name: string
  readonly key: string
  readonly allow: string
}

/** Undefined while there is nothing to steer. */
export function findClaimed(state: State | undefined): Claimed | undefined {
  const { claim, endpoint, address } = state ?? {}
  if (claim?.committed !== true || claim.spki === undefined) return undefined
  if (endpoint === undefined || address === undefined) return undefined
  return { endpoint, address, deployKey: claim.deployKey, spki: claim.spki }
}

/** @throws {SallyportError} SP_STATE when no relay of this stack was claimed. */
export function requireClaimed({ settings }: StackOptions): Claimed {
  const claimed = findClaimed(readState(settings.stateFile))
  if (claimed !== undefined) return claimed
  const why = `no relay of ${settings.stateFile} stands`
  throw new SallyportError('SP_STATE', `${why}; run provisioner up first`)
}

export function dialRelay(options: StackOptions, claimed: Claimed): Promise<DeployCall> {
  return callRelay({
    address: claimed.address,
    port: options.settings.relayPort,
    deployKey: parseToken(claimed.deployKey, 'state file'),
    spki: claimed.spki,
    signal: options.signal,
  })
}

/** Another agent; its join string, which exists nowhere else. The key's private half stays here. */
export async function addAgent(
  options: StackOptions,
  name: string,
  allow: string,
): Promise<string> {
  parsePermissions(allow, '--allow', 'SP_USAGE')
  const claimed = requireClaimed(options)
  const key = generateAgentKey()
  using call = await dialRelay(options, claimed)
  const publicKey = key.publicKey.toString('base64url')
  await call.ask({ do: 'agents-add', name, publicKey, allow })
  const pin = computePin(Buffer.from(claimed.spki, 'base64url'))
  const { endpoint: host } = claimed
  return formatJoinString({ host, port: options.settings.relayPort, pin, key }).reveal()
}

export async function listAgents(options: StackOptions): Promise<readonly ListedAgent[]> {
  using call = await dialRelay(options, requireClaimed(options))
  return (await call.ask({ do: 'agents-ls' })).reply.agents ?? []
}

export async function removeAgent(options: StackOptions, name: string): Promise<void> {
  using call = await dialRelay(options, requireClaimed(options))
  await call.ask({ do: 'agents-rm', name })
}

/** The last lines of the relay's log, oldest first. */
export async function readLogs(options: StackOptions, lines: number): Promise<readonly string[]> {
  using call = await dialRelay(options, requireClaimed(options))
  return linesOf((await call.ask({ do: 'logs', lines })).body)
}

export interface RelayStatus {
  /** As the relay has it. */
  readonly facts: Readonly<Record<string, unknown>>
  /** The same for people. */
  readonly lines: readonly string[]
}

export async function readRelayStatus(
  options: StackOptions,
  claimed: Claimed,
): Promise<RelayStatus> {
  using call = await dialRelay(options, claimed)
  const { reply, body } = await call.ask({ do: 'status' })
  return { facts: reply.status ?? {}, lines: linesOf(body) }
}

/** The relay is no friend of this terminal until proved: no control character passes. */
function linesOf(body: Buffer): readonly string[] {
  const text = body.toString('utf8').replace(/\n$/, '')
  return text === '' ? [] : text.split('\n').map((line) => oneLine(line))
}
