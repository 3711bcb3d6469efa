// Every setting of the relay in one table: its flag, its variable, what it must be. Values are looked
// for in the order flags > environment > env file > relay.yaml > relay.json > defaults.
import {
  type AcmeDirectory,
  type DoorChallengeType,
  maxOrganizationChars,
  parseAcmeDirectory,
  parseAcmeProfile,
  parseChallenges,
  parseEmailAddress,
} from '@sallyport/acme'
import {
  type ErrorCode,
  type ListenAddress,
  type PortRange,
  badInput,
  isHost,
  isLoopback,
  parseListenAddress,
  parsePermissions,
  parsePortRange,
} from '@sallyport/protocol'

/** Reads a value; `where` and `code` are for the error. */
type Parse<T> = (text: string, where: string, code: ErrorCode) => T

export const logLevels = ['error', 'warn', 'info', 'debug'] as const
export type LogLevel = (typeof logLevels)[number]

const parseHost: Parse<string> = (text, where, code) => {
  const host = text.toLowerCase().replace(/^\[(.*)\]$/, '$1')
  if (isHost(host)) return host
  throw badInput(code, {
    what: 'public host',
    where,
    value: text,
    right: 'a host name or an IP address, without a port',
  })
}

const parseSwitch: Parse<boolean> = (text, where, code) => {
  if (text === '1' || text === 'true') return true
  if (text === '0' || text === 'false') return false
  throw badInput(code, { what: 'switch', where, value: text, right: '1, true, 0 or false' })
}

const parseLogLevel: Parse<LogLevel> = (text, where, code) => {
  const level = logLevels.find((one) => one === text)
  if (level !== undefined) return level
  throw badInput(code, { what: 'log level', where, value: text, right: logLevels.join(', ') })
}

const parsePath: Parse<string> = (text, where, code) => {
  if (text !== '' && !text.includes('\0')) return text
  throw badInput(code, { what: 'path', where, value: text, right: 'the path of a directory' })
}

const parseAllow: Parse<string> = (text, where, code) => {
  parsePermissions(text, where, code)
  return text
}

const parseOrganization: Parse<string> = (text, where, code) => {
  if (text.trim() !== '' && text.length <= maxOrganizationChars) return text
  const right = `1 to ${maxOrganizationChars} characters`
  throw badInput(code, { what: 'organization', where, value: text, right })
}

export interface Settings {
  /** The state directory. */
  readonly dir: string
  /** The configuration file. */
  readonly config: string
  /** The name or address at which agents and visitors reach the relay. */
  readonly host: string
  readonly listen: ListenAddress
  /** Public ports that agents may claim. */
  readonly tcpPorts: PortRange
  readonly admin: ListenAddress
  /** A file. */
  readonly accessLog: string
  readonly http: ListenAddress | 'off'
  /** Touch D/alive and D/active. */
  readonly heartbeat: boolean
  /** A file. */
  readonly certFile: string
  /** A file. */
  readonly keyFile: string
  /** Whose certificate `init` makes. */
  readonly organization: string
  readonly emailAddress: string
  /** Its name, or the URL of its directory. */
  readonly acmeDirectory: AcmeDirectory | 'off'
  readonly acmeEmail: string
  /** A file. */
  readonly acmeCaFile: string
  readonly acmeChallenges: readonly DoorChallengeType[]
  readonly acmeProfile: string
  readonly insecureNoAuth: boolean
  /** Permissions, as they were written. */
  readonly allow: string
  readonly json: boolean
  readonly logLevel: LogLevel
}

type Table = {
  readonly [K in keyof Settings]: {
    readonly flag: string
    readonly variable: string
    /** Of the system that inspired this one; any that is set, ours first. */
    readonly furtherVariables?: readonly string[]
    /** The key in relay.json; absent: it is not kept there. */
    readonly key?: string
    readonly parse: Parse<Settings[K]>
  }
}

const listen: Parse<ListenAddress> = (text, where, code) => parseListenAddress(text, where, code)
const parseAdmin: Parse<ListenAddress> = (text, where, code) => {
  const address = parseListenAddress(text, where, code)
  if (isLoopback(address.host)) return address
  const right = 'a loopback address such as 127.0.0.1:9000, because nobody is asked who they are'
  throw badInput(code, { what: 'admin port', where, value: text, right })
}
const parseFile: Parse<string> = (text, where, code) => {
  if (text !== '' && !text.includes('\0')) return text
  throw badInput(code, { what: 'path', where, value: text, right: 'the path of a file' })
}
const range: Parse<PortRange> = (text, where, code) => parsePortRange(text, where, code)

export const settingsTable: Table = {
  dir: { flag: 'dir', variable: 'SALLYPORT_DIR', parse: parsePath },
  config: { flag: 'config', variable: 'SALLYPORT_CONFIG', parse: parsePath },
  host: { flag: 'host', variable: 'SALLYPORT_HOST', key: 'host', parse: parseHost },
  listen: { flag: 'listen', variable: 'SALLYPORT_LISTEN', key: 'listen', parse: listen },
  tcpPorts: {
    flag: 'tcp-ports',
    variable: 'SALLYPORT_TCP_PORTS',
    key: 'tcp_ports',
    parse: range,
  },
  admin: { flag: 'admin', variable: 'SALLYPORT_ADMIN', parse: parseAdmin },
  accessLog: { flag: 'access-log', variable: 'SALLYPORT_ACCESS_LOG', parse: parseFile },
  http: {
    flag: 'http',
    variable: 'SALLYPORT_HTTP',
    parse: (text, where, code) => (text === 'off' ? 'off' : listen(text, where, code)),
  },
  heartbeat: { flag: 'heartbeat', variable: 'SALLYPORT_HEARTBEAT', parse: parseSwitch },
  certFile: {
    flag: 'cert-file',
    variable: 'SALLYPORT_CERT_FILE',
    furtherVariables: ['CERT_FILE', 'cert_file'],
    parse: parseFile,
  },
  keyFile: {
    flag: 'key-file',
    variable: 'SALLYPORT_KEY_FILE',
    furtherVariables: ['KEY_FILE', 'key_file'],
    parse: parseFile,
  },
  acmeDirectory: {
    flag: 'acme-directory',
    variable: 'SALLYPORT_ACME_DIRECTORY',
    key: 'acme_directory',
    parse: (text, where, code) => (text === 'off' ? 'off' : parseAcmeDirectory(text, where, code)),
  },
  acmeEmail: {
    flag: 'acme-email',
    variable: 'SALLYPORT_ACME_EMAIL',
    key: 'acme_email',
    parse: parseEmailAddress,
  },
  acmeCaFile: { flag: 'acme-ca-file', variable: 'SALLYPORT_ACME_CA_FILE', parse: parseFile },
  acmeChallenges: {
    flag: 'acme-challenges',
    variable: 'SALLYPORT_ACME_CHALLENGES',
    parse: parseChallenges,
  },
  acmeProfile: {
    flag: 'acme-profile',
    variable: 'SALLYPORT_ACME_PROFILE',
    parse: parseAcmeProfile,
  },
  organization: {
    flag: 'organization',
    variable: 'SALLYPORT_ORGANIZATION',
    furtherVariables: ['ORGANIZATION', 'organization'],
    parse: parseOrganization,
  },
  emailAddress: {
    flag: 'email-address',
    variable: 'SALLYPORT_EMAIL_ADDRESS',
    furtherVariables: ['EMAIL_ADDRESS', 'email_address'],
    parse: parseEmailAddress,
  },
  insecureNoAuth: {
    flag: 'insecure-no-auth',
    variable: 'SALLYPORT_INSECURE_NO_AUTH',
    parse: parseSwitch,
  },
  allow: { flag: 'allow', variable: 'SALLYPORT_ALLOW', parse: parseAllow },
  json: { flag: 'json', variable: 'SALLYPORT_JSON', parse: parseSwitch },
  logLevel: { flag: 'log-level', variable: 'SALLYPORT_LOG_LEVEL', parse: parseLogLevel },
}

/** One place where settings may stand. */
export interface Source {
  /** The text of a setting and where it stands; undefined when it is not set there. */
  get(name: keyof Settings): { readonly text: string; readonly where: string } | undefined
  /** SP_USAGE for what was typed, SP_CONFIG for the rest. */
  readonly code: ErrorCode
}

export type Flags = Readonly<Record<string, string | boolean | undefined>>

export function flagSource(flags: Flags): Source {
  return {
    code: 'SP_USAGE',
    get: (name) => {
      const { flag } = settingsTable[name]
      const value = flags[flag]
      return value === undefined ? undefined : { text: String(value), where: `--${flag}` }
    },
  }
}

/** A variable that is set but empty counts as not set, as in a shell's `${X:-}`. */
export function variableSource(
  variables: Readonly<Record<string, string | undefined>>,
  file?: string,
): Source {
  return {
    code: 'SP_CONFIG',
    get: (name) => {
      const { variable, furtherVariables = [] } = settingsTable[name]
      for (const one of [variable, ...furtherVariables]) {
        const text = variables[one]
        if (text === undefined || text === '') continue
        return { text, where: file === undefined ? one : `${one} in ${file}` }
      }
      return undefined
    },
  }
}

export function fileSource(
  values: Readonly<Record<string, string | undefined>>,
  file: string,
): Source {
  return {
    code: 'SP_CONFIG',
    get: (name) => {
      const { key } = settingsTable[name]
      if (key === undefined) return undefined
      const text = values[key]
      return text === undefined ? undefined : { text, where: `${key} in ${file}` }
    },
  }
}

/**
 * The value of a setting from the first source that has one.
 * @throws {SallyportError} SP_USAGE or SP_CONFIG when it is wrong there.
 */
export function lookUp<K extends keyof Settings>(
  sources: readonly Source[],
  name: K,
): Settings[K] | undefined {
  for (const source of sources) {
    const found = source.get(name)
    if (found) return settingsTable[name].parse(found.text, found.where, source.code)
  }
  return undefined
}
