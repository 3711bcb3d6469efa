// The composition root of the relay: front door, agent door, routes and visitors. What they need of
// one another is joined here and nowhere else.
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { type SocketEnd, adoptAccepted, adoptTls, systemClock } from '@sallyport/mux'
import {
  type ListenAddress,
  type RegisterMessage,
  SallyportError,
  type SocketAddressPair,
  admissionTimeoutMs,
  drainGraceMs,
  isIp,
  isSallyportError,
} from '@sallyport/protocol'
import { AgentAdmin } from './agent-admin.ts'
import { AgentBudgets } from './agent-budgets.ts'
import { createAgentDoor } from './agent-door.ts'
import { type Agent, AgentKeys, createAnybody } from './agent-keys.ts'
import { AgentSession, visitorsOf } from './agent-session.ts'
import { applyPermissions, refusesChange } from './changed-permissions.ts'
import { createDeployDoor } from './deploy-door.ts'
import { createAwayAnswer } from './away-answer.ts'
import { identityPair } from './certificates/own-certificate.ts'
import { CertificateStore } from './certificates/certificate-store.ts'
import { type Asked, startFrontDoor } from './front-door.ts'
import { Gate } from './gate.ts'
import { passVisitor, standardGateLimits } from './gate-limits.ts'
import { openTcpPort } from './leased-port.ts'
import { type HttpDoor, createNotFound, startHttpDoor } from './http-door.ts'
import { goodbyeMs } from './limits.ts'
import { Registrar } from './registrar.ts'
import type { Relay, RelayOptions } from './relay-options.ts'
import { describeRelay } from './relay-status.ts'
import { Reporter } from './reporter.ts'
import { namePlace, servedName } from './route-request.ts'
import { Routes } from './routes.ts'
import { socketAddresses } from './socket-addresses.ts'
import { tlsFacts } from './tls-facts.ts'
import type { VisitorFacts } from './visitor.ts'
import { Visitors } from './visitors.ts'
import { within } from './within.ts'

/**
 * Starts a relay; it serves until `drain` or `destroy`.
 * @throws {SallyportError} SP_NO_AGENTS, SP_ADDRESS_TAKEN.
 */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const { host, clock = systemClock, onEvent = () => {} } = options
  const handshakeMs = options.admissionTimeoutMs ?? admissionTimeoutMs
  const agents = new AgentKeys(options.agents)
  if (agents.size === 0 && !options.insecureNoAuth) {
    const why = 'no agent key is known, so nobody could prove who they are'
    throw new SallyportError('SP_NO_AGENTS', `${why}: make one with \`relay agents add NAME\``)
  }
  const report = new Reporter(clock, onEvent, (keyId) => agents.find(keyId)?.name ?? keyId)
  const certificates =
    options.certificates ??
    new CertificateStore({ host, now: Date.now, fallback: identityPair(options.identity) })
  const gate = new Gate(clock, options.gate ?? standardGateLimits())
  const answerNotFound = createNotFound(handshakeMs)
  const sessions = new Set<AgentSession>()
  const budgets = new AgentBudgets()
  let isEnding = false
  let isDraining = false
  const startedMs = clock.now()
  const routes = new Routes<AgentSession>({
    clock,
    boot: options.boot ?? 1,
    loadOf: (session) => session.streamCount,
    isFull: ({ agent: { keyId } }) => visitorsOf(keyId, sessions) >= gate.limits.visitorsPerAgent,
    onReleased: (lease) => {
      if (!routes.find(lease.claim.place)) {
        registrar.released(lease)
        visitors.evict(lease.claim.place)
      }
      if (!isEnding) report.released(lease)
    },
  })
  const visitors = new Visitors({
    clock,
    routes,
    parking: options.parking,
    answerAway: createAwayAnswer(clock, handshakeMs),
    maxPerRoute: () => gate.limits.visitorsPerRoute,
    onTurnedAway: (why) => gate.refuse(why),
    onEnded: (facts, visit) => report.visit(facts, visit),
  })
  const agentDoor = createAgentDoor({
    agents,
    anybody: options.insecureNoAuth ? createAnybody() : undefined,
    onRefused: (from) => report.agentRefused(from),
    onAgent: (agent, ws, socket) =>
      void sessions.add(
        new AgentSession({
          clock,
          budget: budgets.of(agent),
          agent,
          ws,
          socket,
          registerTimeoutMs: handshakeMs,
          onHello: (session) => report.joined(session),
          onRegister: register,
          onDraining: (session) => routes.drain(session),
          onHealth: (session, { route, alive }) => {
            const lease = routes.setAlive(session, route, alive)
            if (lease) report.health(lease, session, alive)
          },
          onClosed: onSessionClosed,
        }),
      ),
  })
  const { deploy } = options
  const deployDoor =
    deploy &&
    createDeployDoor({
      clock,
      publicKey: deploy.publicKey,
      answer: (request, body) => deploy.answer(relay, request, body),
      onRefused: (from) => report.deployRefused(from),
    })
  const frontDoor = await startFrontDoor({
    clock,
    identity: options.identity,
    certificates,
    challengeContext: (name) => options.challenges?.contextOf(name),
    listen: options.listen,
    admissionTimeoutMs: handshakeMs,
    gate,
    kindOf: (asked) => routes.find(placeOf(asked))?.claim.kind,
    onAgent: (socket, admission) => agentDoor.enter(socket, admission),
    onDeploy: deployDoor?.enter,
    onVisitor: (socket, asked, acceptedMs) =>
      admit(placeOf(asked), acceptedMs, socket, adoptTls, tlsFacts(socket, asked.sni)),
    onPassthrough: (socket, asked, { acceptedMs }, hello) =>
      admit(
        placeOf(asked),
        acceptedMs,
        socket,
        (one) => adoptAccepted(one, hello),
        asked.sni === undefined ? {} : { sni: asked.sni },
      ),
  })
  const listen = { host: options.listen.host, port: frontDoor.port }
  const httpDoor = options.http && (await openHttpDoor(options.http))
  const registrar = new Registrar({
    routes,
    site: { host, listen, tcpPorts: options.tcpPorts },
    openPort: ({ host: bind, port, tcpPlace }) =>
      tcpPlace === undefined
        ? frontDoor.openPort(bind, port)
        : openTcpPort(bind, port, (socket, listener) => {
            if (passVisitor(gate, socket)) {
              admit(tcpPlace, clock.now(), socket, adoptAccepted, {}, listener)
            }
          }),
  })

  const admin = new AgentAdmin({
    agents,
    save: options.saveAgents ?? (async () => {}),
    onRemoved: dismiss,
  })

  async function openHttpDoor(address: ListenAddress): Promise<HttpDoor> {
    try {
      return await startHttpDoor({
        listen: address,
        gate,
        timeoutMs: handshakeMs,
        httpsPort: frontDoor.port,
        challengeText: (token) => options.challenges?.textOf(token),
        isServed: (name) => routes.find(namePlace(name))?.claim.kind === 'https',
      })
    } catch (error) {
      await frontDoor.destroy()
      throw error
    }
  }

  /** Who names nothing asks for the relay's bare address. */
  function placeOf({ sni, furtherPort }: Asked): string {
    return namePlace(sni ?? (isIp(host) ? host : ''), furtherPort)
  }

  function admit<S extends Socket>(
    place: string,
    acceptedMs: number,
    socket: S,
    adopt: (socket: S) => SocketEnd,
    tls: Pick<VisitorFacts, 'alpn' | 'sni' | 'tls'>,
    listener?: SocketAddressPair,
  ): void {
    const claim = routes.find(place)?.claim
    const addresses = socketAddresses(socket, listener)
    if (!claim && socket instanceof TLSSocket && tls.sni === undefined) {
      answerNotFound(socket)
      return
    }
    if (!claim || !addresses) {
      socket.destroy()
      return
    }
    if (!routes.admits(place, addresses.visitor.address)) {
      report.visitorDenied(claim.url, addresses.visitor)
      if (socket instanceof TLSSocket) socket.destroy()
      else socket.resetAndDestroy()
      return
    }
    const { kind, url, channelTimeoutMs } = claim
    const facts = { place, url, isHttps: kind === 'https', acceptedMs, channelTimeoutMs }
    visitors.admit(adopt(socket), { ...facts, ...addresses, ...tls })
  }

  async function register(session: AgentSession, message: RegisterMessage): Promise<void> {
    const registrations = await registrar.register(session, message).catch((error: unknown) => {
      if (!isSallyportError(error)) throw error
      report.registerRefused(session, error)
      if (!session.isRegistered || !refusesChange(error)) throw error
      // Its visitors are not to suffer from a change that is refused.
      session.notice(error.code, error.message)
      return undefined
    })
    if (!registrations) return
    routes.withdraw(session, new Set(registrations.map(({ claim }) => claim.place)))
    session.registered(registrations)
    for (const registration of registrations) {
      report.registered(registration)
      const name = servedName(registration.claim)
      if (name !== undefined) options.onNameServed?.(name)
      visitors.retry(registration.claim.place)
    }
  }

  function onSessionClosed(session: AgentSession, error: SallyportError): void {
    sessions.delete(session)
    for (const lease of routes.leave(session)) report.away(lease)
    report.left(session, error)
  }

  /** The key is known no longer. */
  function dismiss({ keyId, name }: Agent): void {
    for (const session of sessions) {
      if (session.agent.keyId !== keyId) continue
      session.close(new SallyportError('SP_KEY_REFUSED', `the key of ${name} was removed`))
    }
    routes.releaseKey(keyId)
  }

  /** After the last visitor, or when the grace is over: goodbyes, and then the end of all sockets. */
  async function end(goodbye: SallyportError): Promise<void> {
    isEnding = true
    visitors.abortAll()
    for (const session of sessions) session.close(goodbye)
    routes.releaseAll()
    await Promise.all([
      httpDoor?.close(),
      registrar.close(),
      within(clock, frontDoor.close(), goodbyeMs).then(() => frontDoor.destroy()),
    ])
  }

  async function destroy(): Promise<void> {
    const closed = frontDoor.destroy()
    await end(new SallyportError('SP_SESSION_LOST', 'the relay ends'))
    await closed
  }

  const relay: Relay = {
    host,
    listen,
    httpPort: httpDoor?.port,
    isNameServed: (name) => routes.list().some(({ claim }) => servedName(claim) === name),
    listAgents: () => agents.list(),
    status: () =>
      describeRelay({
        host,
        listen,
        isDraining,
        uptimeMs: clock.now() - startedMs,
        visitors: visitors.count,
        gate,
        agents: agents.list(),
        sessions: [...sessions],
        leases: routes.list(),
        certificates: certificates.list(),
        nowMs: Date.now(),
        parkedCount: (place) => visitors.parkedCount(place),
        visitorsAt: (place) => visitors.countAt(place),
      }),
    addAgent: (agent) => admin.add(agent),
    removeAgent: (name) => admin.remove(name),
    async update({ readAgents, parking, gate: limits }) {
      // First what may fail.
      const { gone, changed } = readAgents
        ? await admin.reload(readAgents)
        : { gone: [], changed: [] }
      for (const agent of gone) dismiss(agent)
      for (const agent of changed) applyPermissions(agent, sessions, routes)
      if (parking) visitors.limitParking(parking)
      if (limits) gate.limit(limits)
    },
    async drain() {
      isDraining = true
      const drained = visitors.drain()
      void frontDoor.close()
      void registrar.close()
      for (const session of sessions) session.drain()
      onEvent({ event: 'draining', visitors: visitors.count })
      await within(clock, drained, options.drainGraceMs ?? drainGraceMs)
      await end(new SallyportError('SP_DRAINING', 'the relay shuts down'))
    },
    destroy,
    [Symbol.asyncDispose]: destroy,
  }
  return relay
}
