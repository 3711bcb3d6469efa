// `relay serve`: the state directory and the configuration become a running relay with its admin socket.
import { systemClock } from '@sallyport/mux'
import { type ListenAddress, formatHostPort, isSallyportError } from '@sallyport/protocol'
import { AccessLog } from './access-log.ts'
import { startAdminHttp } from './admin-http.ts'
import { startAdminSocket } from './admin-socket.ts'
import { readAgentKeys, writeAgentKeys } from './agent-keys.ts'
import { adminSocketName, noRelay } from './agents-command.ts'
import { countBoot } from './boot-counter.ts'
import { startBundleTrial } from './bundle-trial.ts'
import type { ServeConfig } from './config.ts'
import { readDeployKey } from './deploy-key.ts'
import { answerDeploy } from './deploy-service.ts'
import type { Descriptors } from './descriptors.ts'
import { standardGateLimits } from './gate-limits.ts'
import { Heartbeat } from './heartbeat.ts'
import type { Log } from './log.ts'
import type { LogRing } from './log-ring.ts'
import type { Metrics } from './metrics.ts'
import type { RelayEvent } from './relay-event.ts'
import type { RelayStatus } from './relay-status.ts'
import type { StateDirectory } from './state-directory.ts'
import { readCertificateFiles } from './certificates/certificate-files.ts'
import {
  type RelayCertificates,
  startRelayCertificates,
} from './certificates/relay-certificates.ts'
import { readIdentity } from './relay-identity.ts'
import { startRelay } from './relay.ts'
import type { Relay, RelayOptions } from './relay-options.ts'

/** A relay and what goes with it. */
export interface Served {
  readonly relay: Relay
  readonly certificates: RelayCertificates
  /** The access log's file was moved away. */
  reopen(): void
}

/** What `serve` reads of D, without starting anything. @throws {SallyportError} SP_STATE. */
async function readState({ state }: ServeConfig) {
  const identity = await readIdentity(state)
  if (!identity) throw noRelay(state)
  const agents = (await readAgentKeys(state)).list()
  return { identity, agents, deployKey: await readDeployKey(state) }
}

export interface ServeOptions {
  readonly config: ServeConfig
  readonly log: Log
  /** What the log has said. */
  readonly logRing: LogRing
  readonly descriptors: Descriptors
  /** Reads settings and certificates again. */
  reload(): Promise<void>
  /** Ends the program with a drain, for what started it to start it again. */
  restart(): void
}

/**
 * Reads everything that `serve` reads.
 * @returns warnings, one line each.
 * @throws {SallyportError} SP_STATE, SP_CONFIG.
 */
export async function check(config: ServeConfig): Promise<readonly string[]> {
  await readState(config)
  const files = await readCertificateFiles(config.certificates, config.host, Date.now())
  return files.warnings
}

/**
 * Starts the relay of a state directory.
 * @throws {SallyportError} SP_STATE, SP_NO_AGENTS, SP_ADDRESS_TAKEN.
 */
export async function serve(options: ServeOptions): Promise<Served> {
  const { config, log, logRing, descriptors, reload, restart } = options
  const { state, host, listen, tcpPorts, insecureNoAuth } = config
  const { identity, agents, deployKey } = await readState(config)
  if (deployKey) await logRing.keepIn(state)
  const boot = await countBoot(state)
  const onFailure = (text: string): void => log.note('warn', text)
  const { accessLog: path } = config
  const accessLog =
    path === undefined ? undefined : new AccessLog({ path, now: Date.now, onFailure })
  let metrics: Metrics | undefined
  let heartbeat: Heartbeat | undefined
  const tell = (event: RelayEvent): void => {
    metrics?.count(event)
    if (event.event === 'visit' || event.event === 'agent-joined') heartbeat?.noteActivity()
    accessLog?.write(event)
    log.event(event)
  }
  const certificates = await startRelayCertificates({
    acme: config.acme,
    random: Math.random,
    clock: systemClock,
    state,
    identity,
    host,
    files: config.certificates,
    now: Date.now,
    onEvent: tell,
    onWarning: onFailure,
  })
  const relayOptions: RelayOptions = {
    host,
    listen,
    http: config.http,
    tcpPorts,
    identity,
    certificates: certificates.store,
    challenges: certificates.answers,
    onNameServed: (name) => certificates.want(name),
    agents,
    deploy: deployKey && {
      publicKey: deployKey,
      answer: (one, request, body) =>
        answerDeploy(one, request, body, { state, deployKey, boot, logRing, reload, restart }),
    },
    saveAgents: (keys) => writeAgentKeys(state, keys),
    boot,
    parking: config.parking,
    gate: standardGateLimits(config.limits, descriptors),
    insecureNoAuth,
    onEvent: tell,
  }
  const relay = await startWithOrWithoutHttp(relayOptions, config, log).catch((error: unknown) => {
    certificates[Symbol.dispose]()
    throw error
  })
  const started: AsyncDisposable[] = []
  try {
    const socket = await startAdminSocket(state.file(adminSocketName), relay)
    started.push(socket)
    const http = config.admin && (await startMetrics(config.admin, relay))
    if (http) started.push(http)
    metrics = http?.metrics
    const address = formatHostPort(relay.listen.host, relay.listen.port)
    const admin = config.admin && http && formatHostPort(config.admin.host, http.port)
    log.event({ event: 'listening', address, host, ...(admin ? { admin } : {}) })
    if (boot === 1) log.note('info', publicNote(address, host))
    const trial = await startBundleTrial({ state, clock: systemClock, log, restart })
    heartbeat = config.heartbeat ? startHeartbeat(state, relay, onFailure) : undefined
    certificates.announce()
    certificates.begin(relay)
    const served = withHelpers(relay, socket, [trial, heartbeat, http, accessLog, certificates])
    return { relay: served, certificates, reopen: () => accessLog?.reopen() }
  } catch (error) {
    certificates[Symbol.dispose]()
    for (const helper of [...started, ...(accessLog ? [accessLog] : [])]) {
      await helper[Symbol.asyncDispose]()
    }
    await relay.destroy()
    throw error
  }
}

function startHeartbeat(
  state: StateDirectory,
  relay: Relay,
  onFailure: (text: string) => void,
): Heartbeat {
  const isBusy = (): boolean => {
    const { visitors, agents } = relay.status()
    return visitors > 0 || agents.some(({ sessions }) => sessions.length > 0)
  }
  return new Heartbeat({ state, clock: systemClock, isBusy, onFailure })
}

/** Port 80 is done without where nobody asked for it. */
async function startWithOrWithoutHttp(options: RelayOptions, config: ServeConfig, log: Log) {
  try {
    return await startRelay(options)
  } catch (error) {
    const isHttp = isSallyportError(error) && error.message.includes(httpAddress(config))
    if (!isHttp || config.isHttpAsked) throw error
    log.note('warn', `plain HTTP is not redirected: ${error.message}`)
    return await startRelay({ ...options, http: undefined })
  }
}

/** As it stands in the error of a port that cannot be had. */
function httpAddress({ http }: ServeConfig): string {
  return http ? `cannot listen on ${formatHostPort(http.host, http.port)}:` : 'none'
}

/** The admin port. Prometheus is loaded for those who want it. */
async function startMetrics(address: ListenAddress, relay: Relay) {
  const { createMetrics } = await import('./metrics.ts')
  const status = (): RelayStatus => relay.status()
  const metrics = createMetrics(status)
  return { metrics, ...(await startAdminHttp({ listen: address, metrics, status })) }
}

/** The threat model in one line, when a relay starts for the first time. */
function publicNote(address: string, host: string): string {
  return (
    `what your agents publish is now reachable by anyone on ${address} (as ${host}), ` +
    'with no question asked: docs/threat-model.md'
  )
}

/** Everything ends together: what steers the relay first, what tells of it last. */
function withHelpers(
  relay: Relay,
  socket: AsyncDisposable,
  tellers: readonly (AsyncDisposable | Disposable | undefined)[],
): Relay {
  const together = async (end: () => Promise<void>): Promise<void> => {
    await socket[Symbol.asyncDispose]()
    await end()
    for (const teller of tellers) {
      if (!teller) continue
      if (Symbol.asyncDispose in teller) await teller[Symbol.asyncDispose]()
      else teller[Symbol.dispose]()
    }
  }
  return {
    ...relay,
    drain: () => together(() => relay.drain()),
    destroy: () => together(() => relay.destroy()),
    [Symbol.asyncDispose]: () => together(() => relay.destroy()),
  }
}
