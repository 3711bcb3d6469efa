// Flags, environment, env file, relay.yaml, relay.json and defaults become the configuration of one command.
// All that is wrong ends here, in one line each. Nothing is written and nothing listens yet.
import { join, resolve } from 'node:path'
import {
  type AcmeDirectory,
  type CertificateSubject,
  type DoorChallengeType,
  challengeTypes,
  maxOrganizationChars,
} from '@sallyport/acme'
import {
  type ListenAddress,
  type PortRange,
  badInput,
  formatListenAddress,
  formatPortRange,
  isLoopback,
} from '@sallyport/protocol'
import type { CertificateFiles } from './certificates/certificate-files.ts'
import { deliveredPair } from './certificates/delivered-certificate.ts'
import { isEveryAddress } from './address.ts'
import { allowEverything } from './agent-keys.ts'
import { type RelayJson, relayFileSchema } from './delivered-settings.ts'
import { type Surroundings, readEnvFile } from './env-file.ts'
import type { ParkingOptions } from './parking.ts'
import { type RelayFile, readRelayFile, yamlSource } from './settings-file.ts'
import type { RelayFileSettings } from './settings-schema.ts'
import {
  type Flags,
  type LogLevel,
  type Source,
  fileSource,
  flagSource,
  lookUp,
  variableSource,
} from './settings.ts'
import { StateDirectory } from './state-directory.ts'

/** Every address, the port of the web. */
const defaultListen: ListenAddress = { host: '', port: 443 }

/** What `relay init` was told and `relay` reads again. */
export interface PublicSettings {
  readonly host: string
  readonly listen: ListenAddress
  readonly tcpPorts: PortRange | undefined
}

export interface Output {
  readonly json: boolean
  readonly logLevel: LogLevel
}

export interface AcmeConfig {
  readonly directory: AcmeDirectory
  readonly email: string | undefined
  /** Absolute. */
  readonly caFile: string | undefined
  /** PEM that a provisioner delivered; a file that is named counts instead. */
  readonly ca: string | undefined
  readonly challenges: readonly DoorChallengeType[]
  readonly profile: string | undefined
}

export interface InitConfig extends PublicSettings, Output {
  readonly state: StateDirectory
  /** The public host was not given: agents on other machines will not find the relay. */
  readonly isHostAssumed: boolean
  /** Whose certificate it is. */
  readonly subject: CertificateSubject
}

export interface ServeConfig extends PublicSettings, Output {
  readonly state: StateDirectory
  /** The configuration file that was read. */
  readonly configPath: string | undefined
  readonly parking: ParkingOptions
  /** As in the configuration file. */
  readonly limits: RelayFileSettings['limits']
  readonly insecureNoAuth: boolean
  /** Where plain HTTP is redirected. */
  readonly http: ListenAddress | undefined
  /** It was set, and is not only the default. */
  readonly isHttpAsked: boolean
  /** The port for metrics and health. */
  readonly admin: ListenAddress | undefined
  readonly accessLog: string | undefined
  /** Whether D/alive and D/active are touched. */
  readonly heartbeat: boolean
  /** What visitors get, where it is not the relay's own. */
  readonly certificates: readonly CertificateFiles[]
  /** Who certifies names that no file covers. */
  readonly acme: AcmeConfig | undefined
  /** What an agent that is added may claim. */
  readonly allow: string
}

async function openSources(flags: Flags, around: Surroundings): Promise<readonly Source[]> {
  const file = await readEnvFile(flags, around)
  const sources = [flagSource(flags), variableSource(around.variables)]
  return file ? [...sources, variableSource(file.variables, file.path)] : sources
}

function output(sources: readonly Source[], flags: Flags): Output {
  const level = lookUp(sources, 'logLevel') ?? 'info'
  return {
    json: lookUp(sources, 'json') ?? false,
    logLevel: flags['verbose'] === true ? 'debug' : level,
  }
}

function openState(sources: readonly Source[], { variables }: Surroundings): StateDirectory {
  const path = lookUp(sources, 'dir')
  if (path !== undefined) return new StateDirectory(path)
  // The XDG base directory specification: an unset or empty variable means ~/.local/state.
  const base = variables['XDG_STATE_HOME'] || join(variables['HOME'] ?? '/', '.local', 'state')
  return new StateDirectory(join(base, 'sallyport'))
}

/** @throws {SallyportError} SP_USAGE, SP_CONFIG. */
export async function loadInitConfig(flags: Flags, around: Surroundings): Promise<InitConfig> {
  const sources = await openSources(flags, around)
  const listen = lookUp(sources, 'listen') ?? defaultListen
  const named = lookUp(sources, 'host')
  return {
    ...output(sources, flags),
    state: openState(sources, around),
    listen,
    host: named ?? assumedHost(listen),
    isHostAssumed: named === undefined,
    subject: {
      organization:
        lookUp(sources, 'organization') ??
        (named ?? assumedHost(listen)).slice(0, maxOrganizationChars),
      emailAddress: lookUp(sources, 'emailAddress'),
    },
    tcpPorts: lookUp(sources, 'tcpPorts'),
  }
}

/** @throws {SallyportError} SP_USAGE, SP_CONFIG, SP_STATE. */
export async function loadServeConfig(flags: Flags, around: Surroundings): Promise<ServeConfig> {
  const typed = await openSources(flags, around)
  const state = openState(typed, around)
  const named = typed.map((source) => source.get('config')).find((found) => found !== undefined)
  const file = await readRelayFile(flags, named, state, around)
  const text = await state.read('relay.json')
  const delivered: RelayJson =
    text === undefined ? { v: 1 } : state.parse('relay.json', text, relayFileSchema)
  const { v: _, acme_ca: ca, ...kept } = delivered
  const sources = [
    ...typed,
    ...(file ? [yamlSource(file)] : []),
    fileSource(kept, state.file('relay.json')),
  ]

  const listen = lookUp(sources, 'listen') ?? defaultListen
  const insecureNoAuth = lookUp(sources, 'insecureNoAuth') ?? false
  if (insecureNoAuth && !isLoopback(listen.host)) {
    throw badInput('SP_USAGE', {
      what: 'address to listen on',
      where: '--insecure-no-auth',
      value: formatListenAddress(listen),
      right: 'a loopback address such as 127.0.0.1:8443, because anyone could join',
    })
  }
  const http = lookUp(sources, 'http')
  const accessLog = lookUp(sources, 'accessLog')
  return {
    ...output(sources, flags),
    state,
    configPath: file?.path,
    parking: parkingLimits(file),
    limits: file?.values.limits,
    listen,
    host: lookUp(sources, 'host') ?? assumedHost(listen),
    tcpPorts: lookUp(sources, 'tcpPorts'),
    insecureNoAuth,
    http: http === 'off' ? undefined : (http ?? usualHttp(listen)),
    isHttpAsked: http !== undefined,
    admin: lookUp(sources, 'admin'),
    accessLog: accessLog === undefined ? undefined : resolve(around.workingDirectory, accessLog),
    heartbeat: lookUp(sources, 'heartbeat') ?? false,
    certificates: [...certificateFiles(sources, file, around), ...(await deliveredFiles(state))],
    acme: acmeConfig(sources, around, ca),
    allow: lookUp(sources, 'allow') ?? allowEverything,
  }
}

function acmeConfig(
  sources: readonly Source[],
  { workingDirectory }: Surroundings,
  ca: string | undefined,
): AcmeConfig | undefined {
  const directory = lookUp(sources, 'acmeDirectory')
  const caFile = lookUp(sources, 'acmeCaFile')
  const rest = {
    email: lookUp(sources, 'acmeEmail'),
    challenges: lookUp(sources, 'acmeChallenges') ?? challengeTypes,
    profile: lookUp(sources, 'acmeProfile'),
    caFile: caFile === undefined ? undefined : resolve(workingDirectory, caFile),
    ca,
  }
  return directory === undefined || directory === 'off' ? undefined : { directory, ...rest }
}

/** What a provisioner delivered. @throws {SallyportError} SP_STATE. */
async function deliveredFiles(state: StateDirectory): Promise<readonly CertificateFiles[]> {
  if ((await state.read(deliveredPair)) === undefined) return []
  const path = state.file(deliveredPair)
  return [{ certFile: path, keyFile: path }]
}

function certificateFiles(
  sources: readonly Source[],
  file: RelayFile | undefined,
  { workingDirectory }: Surroundings,
): readonly CertificateFiles[] {
  const certFile = lookUp(sources, 'certFile')
  const keyFile = lookUp(sources, 'keyFile')
  if ((certFile === undefined) !== (keyFile === undefined)) {
    const [is, misses] = certFile === undefined ? ['key', 'cert'] : ['cert', 'key']
    throw badInput('SP_CONFIG', {
      what: 'certificate',
      where: `--${is}-file`,
      right: `--${misses}-file (or ${misses.toUpperCase()}_FILE) beside it`,
    })
  }
  const named = certFile === undefined || keyFile === undefined ? [] : [{ certFile, keyFile }]
  const listed = file?.values.certificates ?? []
  const all = listed.map((one) => ({ certFile: one.cert_file, keyFile: one.key_file }))
  return [...named, ...all].map((one) => ({
    certFile: resolve(workingDirectory, one.certFile),
    keyFile: resolve(workingDirectory, one.keyFile),
  }))
}

function parkingLimits(file: RelayFile | undefined): ParkingOptions {
  const { parked_per_route: maxPerRoute, parked_per_address: maxPerAddress } =
    file?.values.limits ?? {}
  return {
    ...(maxPerRoute === undefined ? {} : { maxPerRoute }),
    ...(maxPerAddress === undefined ? {} : { maxPerAddress }),
  }
}

/** Port 80 beside port 443, and beside no other. */
function usualHttp({ host, port }: ListenAddress): ListenAddress | undefined {
  return port === defaultListen.port ? { host, port: 80 } : undefined
}

/** The text of relay.json. */
export function formatRelayFile({ host, listen, tcpPorts }: PublicSettings): string {
  const values = {
    v: 1,
    host,
    listen: formatListenAddress(listen),
    ...(tcpPorts ? { tcp_ports: formatPortRange(tcpPorts) } : {}),
  }
  return `${JSON.stringify(values, undefined, 2)}\n`
}

/** Who listens on one address is found there; who listens on all of them, on this machine at least. */
function assumedHost({ host }: ListenAddress): string {
  return isEveryAddress(host) ? 'localhost' : host
}
