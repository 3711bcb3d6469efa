// Registration: all routes of one register message are granted, or none. Checks what the key may claim
// on every one, opens public TCP ports, fences the sessions that were replaced. One after the other,
// so that two agents cannot both find a route free.
import { createHash } from 'node:crypto'
import {
  type AccessList,
  type RegisterMessage,
  SallyportError,
  formatHostPort,
  isSallyportError,
  maxRoutesPerAgent,
  mayJoinPool,
} from '@sallyport/protocol'
import type { Agent } from './agent-keys.ts'
import type { AgentSession } from './agent-session.ts'
import { type Claim, type Lease, isShared } from './lease.ts'
import { type OpenPort, PortLedger, type PortNeed } from './port-ledger.ts'
import {
  type RelaySite,
  type TcpRequest,
  mayClaimPort,
  requestRoute,
  tcpPlace,
} from './route-request.ts'
import type { Grant, Routes } from './routes.ts'
import { hasCode } from './system-error.ts'

export interface RegistrarOptions {
  readonly routes: Routes<AgentSession>
  readonly site: RelaySite
  /** @throws {SallyportError} SP_PORT_TAKEN. */
  openPort: OpenPort
}

export interface Registration {
  readonly claim: Claim
  readonly grant: Grant<AgentSession>
}

type Ask = RegisterMessage['routes'][number]
/** A claim, and the port that it stands on. */
interface Draft {
  readonly claim: Claim
  readonly need?: PortNeed
}

export class Registrar {
  readonly #options: RegistrarOptions
  readonly #ports: PortLedger
  #last: Promise<unknown> = Promise.resolve()
  #isClosed = false

  constructor(options: RegistrarOptions) {
    this.#options = options
    this.#ports = new PortLedger(options.openPort)
  }

  /**
   * Grants what the message asks for.
   * @throws {SallyportError} SP_NOT_PERMITTED, SP_ROUTE_HELD, SP_REPLACED, SP_PORT_TAKEN, SP_PROTOCOL.
   */
  register(session: AgentSession, message: RegisterMessage): Promise<readonly Registration[]> {
    const turn = this.#last.then(() => this.#register(session, message))
    this.#last = turn.catch(() => {})
    return turn
  }

  /** The route's lease has ended. */
  released(lease: Lease<AgentSession>): void {
    this.#ports.release(lease.claim.place)
  }

  /** Closes every public port and grants nothing more; resolves when the ports' visitors have left. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#ports.closeAll()
  }

  async #register(
    session: AgentSession,
    message: RegisterMessage,
  ): Promise<readonly Registration[]> {
    const drafts: Draft[] = []
    try {
      for (const ask of message.routes) {
        const taken = new Set(drafts.map(({ claim }) => claim.place))
        drafts.push(await this.#draft(session, message, ask, taken))
      }
      if (this.#isClosed) throw new SallyportError('SP_DRAINING', 'the relay shuts down')
      if (session.isClosed) throw new SallyportError('SP_SESSION_LOST', 'the session is closed')
      this.#checkPorts(drafts)
      this.#checkCount(session, drafts)
    } catch (error) {
      this.#ports.closeUnheld()
      throw error
    }
    return this.#grant(session, drafts)
  }

  /** Nothing is granted here; a port that was opened is held by nobody yet. */
  async #draft(
    session: AgentSession,
    message: RegisterMessage,
    ask: Ask,
    taken: ReadonlySet<string>,
  ): Promise<Draft> {
    checkPool(ask.pool, session.agent)
    const request = requestRoute(ask.url, session.agent, this.#options.site)
    const draft = (place: string, url: string): Claim => ({
      place,
      kind: request.kind,
      url,
      routeId: ask.id,
      keyId: session.agent.keyId,
      process: session.hello.process,
      connection: session.hello.connection,
      held: session.hello.held[url],
      channelTimeoutMs: message.channelTimeoutSeconds * 1_000,
      pool: ask.pool,
      balance: ask.balance,
      access: accessOf(ask),
    })
    if (request.kind !== 'tcp') {
      const claim = draft(request.place, request.url)
      this.#check(claim, taken)
      if (request.furtherPort === undefined) return { claim }
      const need = { host: this.#options.site.listen.host, port: request.furtherPort }
      await this.#ports.open(need)
      return { claim, need }
    }
    const claimFor = (port: number): Claim =>
      draft(tcpPlace(request.host, port), `tcp://${formatHostPort(request.publicHost, port)}`)
    return this.#draftPort(session.agent, request, claimFor, taken)
  }

  /** The port asked for; where the relay picks, the first that is free, always in the same order. */
  async #draftPort(
    agent: Agent,
    { host, ports, isPicked }: TcpRequest,
    claimFor: (port: number) => Claim,
    taken: ReadonlySet<string>,
  ): Promise<Draft> {
    const count = ports.last - ports.first + 1
    const { keyId, routeId, pool } = claimFor(ports.first)
    const owner = pool === undefined ? keyId : `pool ${pool}`
    const start = isPicked ? hash(`${owner} ${host} ${routeId}`) % count : 0
    for (let step = 0; step < count; step++) {
      const port = ports.first + ((start + step) % count)
      const claim = claimFor(port)
      const lease = this.#options.routes.find(claim.place)
      const isOthers = taken.has(claim.place) || (lease && !isOwn(lease, claim))
      if (isPicked && (isOthers || !mayClaimPort(agent, port))) continue
      this.#check(claim, taken)
      const need = { host, port, tcpPlace: claim.place }
      const isOpen = await this.#tryPort(need, isPicked)
      if (isOpen) return { claim, need }
    }
    const range = `${ports.first} to ${ports.last}`
    throw new SallyportError('SP_PORT_TAKEN', `no port of ${range} is free for this key`)
  }

  /** False: another program has it, and another port will do. */
  async #tryPort(need: PortNeed, isPicked: boolean): Promise<boolean> {
    try {
      await this.#ports.open(need)
      return true
    } catch (error) {
      if (isPicked && isSallyportError(error) && hasCode(error.cause, 'EADDRINUSE')) return false
      throw error
    }
  }

  #check(claim: Claim, taken: ReadonlySet<string>): void {
    if (taken.has(claim.place)) {
      throw new SallyportError('SP_PROTOCOL', `the agent asks twice for ${claim.url}`)
    }
    this.#judge(claim)
  }

  /** A lease may have ended, and closed its port, while another port was being opened. */
  #checkPorts(drafts: readonly Draft[]): void {
    for (const { claim, need } of drafts) {
      if (!need || this.#ports.isOpen(need)) continue
      throw new SallyportError('SP_SESSION_LOST', `the lease on ${claim.url} has just ended`)
    }
  }

  /** Over all its processes and messages; a register message alone is bounded by its schema. */
  #checkCount({ agent }: AgentSession, drafts: readonly Draft[]): void {
    const held = this.#options.routes.list().map(({ claim }) => claim)
    const all = [...held, ...drafts.map(({ claim }) => claim)].filter(
      ({ keyId }) => keyId === agent.keyId,
    )
    if (new Set(all.map(({ place }) => place)).size <= maxRoutesPerAgent) return
    throw new SallyportError('SP_NOT_PERMITTED', `a key may hold ${maxRoutesPerAgent} routes`)
  }

  #judge(claim: Claim): Grant<AgentSession>['verdict'] {
    const verdict = this.#options.routes.judge(claim)
    if (verdict === 'held') {
      throw new SallyportError(
        'SP_ROUTE_HELD',
        `another agent key holds ${claim.url}, ${unshared(claim)}`,
      )
    }
    if (verdict === 'replaced') {
      throw new SallyportError('SP_REPLACED', `a newer agent of this key serves ${claim.url}`)
    }
    return verdict
  }

  #grant(session: AgentSession, drafts: readonly Draft[]): readonly Registration[] {
    const { routes } = this.#options
    const registrations = drafts.map(({ claim, need }) => {
      if (need) this.#ports.hold(need, claim.place)
      return { claim, grant: routes.grant(this.#judge(claim), claim, session) }
    })
    for (const { claim, grant } of registrations) {
      for (const fenced of grant.fenced) {
        if (fenced === session) continue
        const reason = `a newer session serves ${claim.url}`
        if (routes.serves(fenced)) fenced.notice('SP_REPLACED', reason)
        else fenced.close(new SallyportError('SP_REPLACED', reason))
      }
    }
    return registrations
  }
}

/** A picked port goes again to the same process, to the same key when its agent is away, or to who
 * shares it. */
function isOwn(lease: Lease<AgentSession>, claim: Claim): boolean {
  const { keyId, routeId, process } = lease.claim
  if (routeId !== claim.routeId) return false
  if (keyId !== claim.keyId) return isShared(lease.claim, claim)
  return process === claim.process || lease.members.size === 0
}

function checkPool(pool: string | undefined, { name, allow, permissions }: Agent): void {
  if (pool === undefined || mayJoinPool(permissions, pool)) return
  throw new SallyportError('SP_NOT_PERMITTED', `pool ${pool}: agent ${name} may claim ${allow}`)
}

function unshared({ pool }: Claim): string {
  return pool === undefined ? 'and it is not asked for as a pool' : `and not as pool ${pool}`
}

function hash(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0)
}

function accessOf({ allow = [], deny = [] }: Ask): AccessList | undefined {
  return allow.length + deny.length === 0 ? undefined : { allow, deny }
}
