// Taking possession of a fresh instance (docs/aws.md), the provisioner's side. E is the TLS exporter:
// every proof is of this one connection. We prove first; the instance says nothing to others.
//   -> SHA-256(bundle ‖ configuration) ‖ Ed25519(deploy key, "claim" ‖ E ‖ that hash)
//   <- HMAC(K, "relay" ‖ E)         then we note its key (fsync), and only then send anything
//   -> lengths, bundle, configuration      <- staged
//   -> commit                              <- committed   the secret K is worthless from here on
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { agentAlpn, type AgentKey, SallyportError } from '@sallyport/protocol'
import { dialInstance, readExactly, type InstanceSocket } from './claim-socket.ts'
import { poll, pollsWithin } from './cloud.ts'
import { dialTimeoutMs } from './limits.ts'

export const claimAlpn = 'sallyport-claim/1'
export const claimExporterLabel = 'EXPERIMENTAL-sallyport-claim-1'

/** The words of stage0.ts. */
const Reply = { staged: 1, committed: 2 } as const
const commit = Buffer.from('C')

/** AWS is asked whether the instance still runs only now and then: a dial costs nothing there. */
const turnsPerLook = 10

export interface ClaimTarget {
  readonly address: string
  readonly port: number
  readonly pollSeconds: number
  readonly claimSeconds: number
  readonly signal: AbortSignal
  /** False once the instance has ended: nothing will come then. */
  readonly isRunning: () => Promise<boolean>
  /** The end of the console, for the message when nothing comes. */
  readonly consoleTail: () => Promise<string | undefined>
}

export interface ClaimInput {
  readonly deployKey: AgentKey
  /** K, base64url. */
  readonly secret: string
  readonly bundle: Buffer
  readonly configuration: Buffer
  /** The key noted by a run that did not finish, base64url of the SPKI's DER. */
  readonly spki: string | undefined
  /** The relay's key where it is not the instance's own (KEY_FILE). */
  readonly relaySpki?: string | undefined
  /** Has the instance's key on the disk before it returns. */
  readonly note: (spki: string) => void
}

export function deliveryDigest(bundle: Buffer, configuration: Buffer): Buffer {
  return createHash('sha256').update(bundle).update(configuration).digest()
}

/** Claims; also when a run before got as far as the commit. Throws SP_CLAIM_TIMEOUT, SP_CLAIM_REFUSED. */
export async function claimInstance(target: ClaimTarget, input: ClaimInput): Promise<void> {
  let turns = 0
  const isDone = await poll(target, pollsWithin(target, target.claimSeconds), async () => {
    if (++turns % turnsPerLook === 0 && !(await target.isRunning())) throw await ended(target)
    const found = await dialInstance(dialOptions(target, claimAlpn))
    if (found !== undefined) return (await converse(found, target, input)) ? true : undefined
    // Past the commit the relay has the port: its key tells that it is the one that we claimed.
    if (input.spki === undefined) return undefined
    const relaySpki = input.relaySpki ?? input.spki
    return (await isRelayThere(target, relaySpki)) ? true : undefined
  })
  if (isDone === undefined) throw await neverAsked(target)
}

/** Waits until the relay itself answers with the noted key. */
export async function awaitRelay(target: ClaimTarget, spki: string): Promise<void> {
  const isThere = await poll(target, pollsWithin(target, target.claimSeconds), async () =>
    (await isRelayThere(target, spki)) ? true : undefined,
  )
  if (isThere === undefined) throw await neverServed(target)
}

/** True once the claim is committed; false when the connection broke and a repeat may work. */
async function converse(
  { socket, spki }: InstanceSocket,
  target: ClaimTarget,
  input: ClaimInput,
): Promise<boolean> {
  const shown = spki.toString('base64url')
  try {
    if (input.spki !== undefined && input.spki !== shown) throw impostor(target)
    const exporter = socket.exportKeyingMaterial(32, claimExporterLabel, Buffer.alloc(0))
    const digest = deliveryDigest(input.bundle, input.configuration)
    const proof = input.deployKey.sign(Buffer.concat([Buffer.from('claim'), exporter, digest]))
    socket.write(Buffer.concat([digest, proof]))
    const answer = await readExactly(socket, 32).catch(() => undefined)
    if (answer === undefined) return false
    const secret = Buffer.from(input.secret, 'base64url')
    const right = createHmac('sha256', secret).update('relay').update(exporter).digest()
    if (!timingSafeEqual(answer, right)) throw impostor(target)
    input.note(shown)
    const lengths = Buffer.alloc(8)
    lengths.writeUInt32BE(input.bundle.length, 0)
    lengths.writeUInt32BE(input.configuration.length, 4)
    socket.write(Buffer.concat([lengths, input.bundle, input.configuration]))
    const staged = await readExactly(socket, 1).catch(() => undefined)
    if (staged?.[0] !== Reply.staged) return false
    socket.write(commit)
    const committed = await readExactly(socket, 1).catch(() => undefined)
    return committed?.[0] === Reply.committed
  } finally {
    socket.destroy()
  }
}

async function isRelayThere(target: ClaimTarget, spki: string): Promise<boolean> {
  const found = await dialInstance(dialOptions(target, agentAlpn))
  if (found === undefined) return false
  found.socket.destroy()
  if (found.spki.toString('base64url') === spki) return true
  throw impostor(target)
}

function dialOptions({ address, port, signal }: ClaimTarget, alpn: string) {
  return { address, port, alpn, timeoutMs: dialTimeoutMs, signal }
}

function impostor({ address, port }: ClaimTarget): SallyportError {
  return new SallyportError(
    'SP_CLAIM_REFUSED',
    `what answers at ${address}:${port} is not the instance that was launched (or somebody stands in between); nothing was sent to it: run provisioner down, then up`,
  )
}

async function ended(target: ClaimTarget): Promise<SallyportError> {
  return new SallyportError(
    'SP_CLAIM_TIMEOUT',
    `the instance at ${target.address} ended before it was claimed; run up again for a new one${await told(target)}`,
  )
}

async function told({ consoleTail }: ClaimTarget): Promise<string> {
  const tail = await consoleTail()
  return tail === undefined ? '' : `\nthe end of its console:\n${tail}`
}

async function neverAsked(target: ClaimTarget): Promise<SallyportError> {
  return new SallyportError(
    'SP_CLAIM_TIMEOUT',
    `the instance at ${target.address}:${target.port} did not ask to be claimed within ${target.claimSeconds} s; it ends itself when unclaimed: check that this network may reach the port, then run up again${await told(target)}`,
  )
}

/** There is no way to it without its deploy door, so another bundle needs another instance. */
async function neverServed(target: ClaimTarget): Promise<SallyportError> {
  return new SallyportError(
    'SP_CLAIM_TIMEOUT',
    `the instance at ${target.address}:${target.port} was claimed, but no relay answers within ${target.claimSeconds} s; check that this network may reach the port and run up again, or provisioner down and then up for another instance${await told(target)}`,
  )
}
