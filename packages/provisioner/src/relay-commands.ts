// What is done with a relay that stands, over its deploy door: agents, logs, its own status. AWS is not
// asked for any of it.
import {
  computePin,
  type DeployReply,
  formatJoinString,
  generateAgentKey,
  oneLine,
  parsePermissions,
  parseToken,
  SallyportError,
} from '@sallyport/protocol'
import { callRelay, type DeployCall } from './deploy-call.ts'
import type { StackOptions } from './stack.ts'
import { openState, readState, type State } from './state-file.ts'
import { upgradeRelay, type Upgraded } from './upgrade.ts'

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
export function requireClaimed(
  { settings }: StackOptions,
  state = readState(settings.stateFile),
): Claimed {
  const claimed = findClaimed(state)
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

/** Brings the relay to the bundle, one provisioner at a time. @throws what upgradeRelay throws. */
export async function upgrade(options: StackOptions, bundle: Buffer): Promise<Upgraded> {
  const { settings, signal } = options
  await using file = openState(settings.stateFile)
  const claimed = requireClaimed(options, file.state)
  return upgradeRelay({
    dial: () => dialRelay(options, claimed),
    deployKey: parseToken(claimed.deployKey, 'state file'),
    bundle,
    pollSeconds: settings.pollSeconds,
    signal,
  })
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
  const { status = {}, bundle } = reply
  return { facts: { ...status, bundle }, lines: [...linesOf(body), ...describeBundle(bundle)] }
}

function describeBundle(bundle: DeployReply['bundle']): string[] {
  if (bundle === undefined) return []
  const { version, sha256, isOnTrial, failed } = bundle
  const running = `bundle ${version}${isOnTrial ? ' on trial' : ''}, SHA-256 ${sha256}`
  return failed === undefined
    ? [running]
    : [running, `bundle ${failed.version} did not come up: ${failed.why}`]
}

/** The relay is no friend of this terminal until proved: no control character passes. */
function linesOf(body: Buffer): readonly string[] {
  const text = body.toString('utf8').replace(/\n$/, '')
  return text === '' ? [] : text.split('\n').map((line) => oneLine(line))
}
