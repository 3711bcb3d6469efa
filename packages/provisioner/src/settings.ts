// Every setting of a stack, checked once: flags before environment before env file before default.
// The names and defaults are those of the system that inspired this (docs/aws.md). No AWS here.
import { badInput, SallyportError } from '@sallyport/protocol'
import { z } from 'zod'
import { type AuthoritySettings, parseRelayAuthority } from './authority-settings.ts'
import type { Setting } from './env-file.ts'
import {
  defaultClaimSeconds,
  defaultPollSeconds,
  maxClaimSeconds,
  maxPollSeconds,
  maxPortRanges,
  minPollSeconds,
  minTtlSeconds,
} from './limits.ts'
import type { CertificateIssuer } from './records.ts'

export interface PortRange {
  readonly from: number
  readonly to: number
}

/** Who answers for the name: our Route 53 zone, or a DNS service elsewhere that a person edits. */
export type Domain =
  | { readonly kind: 'route53'; readonly name: string }
  | { readonly kind: 'elsewhere'; readonly name: string }

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

export interface Settings {
  readonly port?: number | undefined
  readonly openPort: boolean
  readonly channelTimeoutSeconds: number
  readonly imageId?: string | undefined
  readonly instanceType: string
  /** False when the type is the default, so that we may fall back to another one. */
  readonly isInstanceTypeChosen: boolean
  readonly region: string
  /** A function, so that no print of the settings shows them; absent = the SDK's own chain. */
  readonly credentials?: (() => Promise<Credentials>) | undefined
  readonly groupName: string
  readonly isGroupNameChosen: boolean
  readonly stateFile: string
  readonly emailAddress: string
  /** Absent = the endpoint's name, known once the instance runs. */
  readonly organization?: string | undefined
  readonly domain?: Domain | undefined
  /** Who alone may issue certificates for the name: a CAA record beside the others. */
  readonly issuer?: CertificateIssuer | undefined
  /** Where the relay orders its certificates by itself; absent = nowhere. */
  readonly authority?: AuthoritySettings | undefined
  readonly keyFile?: string | undefined
  readonly certFile?: string | undefined
  readonly subnetId?: string | undefined
  readonly wantsElasticIp: boolean
  readonly tcpPorts: readonly PortRange[]
  readonly relayPort: number
  readonly pollSeconds: number
  /** How long a launched instance may take until it is claimed. */
  readonly claimSeconds: number
  /** After so long the machine ends itself, whoever is asleep; absent = never. */
  readonly ttlSeconds?: number | undefined
  /** Without agent and visitor for so long the machine ends itself; absent = never. */
  readonly endWhenIdleSeconds?: number | undefined
  /** Where the instance gets Node from; absent = the usual places. The pinned hash decides. */
  readonly nodeMirrors?: readonly string[] | undefined
  /** Things worth saying that are no errors. */
  readonly notes: readonly string[]
}

/** How the inspiring system's users spell yes and no. */
const yes = new Set(['1', 'true', 'yes', 'on', 't', 'y'])
const no = new Set(['0', 'false', 'no', 'off', 'f', 'n'])

const hostName = z
  .string()
  .toLowerCase()
  .max(253)
  .regex(/^(?=.*[a-z])[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/)

type Read = (name: string) => Setting | undefined

/** Checks what was read; throws SP_CONFIG that names the setting, its place and what is right. */
export function parseSettings(read: Read, userName: string): Settings {
  const type = text(read, 'INSTANCE_TYPE', /^[a-z][a-z0-9-]*\.[a-z0-9-]+$/, 'a type like t4g.nano')
  const group = text(read, 'SECURITY_GROUP', /^(?!sg-)[\w .:/()#,@[\]+=&;{}!$*-]{1,200}$/, 'a name')
  const openPort = flag(read, 'OPEN_PORT')
  const port = wholeNumber(read, 'PORT', 1, 65_535)
  if (openPort && port === undefined) {
    throw badInput('SP_CONFIG', {
      what: 'open port',
      where: read('OPEN_PORT')?.where ?? 'OPEN_PORT',
      right: 'PORT set too: it is the port that is opened',
    })
  }
  const keyFile = text(read, 'KEY_FILE', /./, 'a file')
  const certFile = text(read, 'CERT_FILE', /./, 'a file')
  bothOrNeither(read, 'KEY_FILE', 'CERT_FILE')
  const domain = parseDomain(read)
  const authority = parseRelayAuthority(read)
  const relayPort = wholeNumber(read, 'SALLYPORT_RELAY_PORT', 1, 65_535) ?? 443
  const closed = closedPorts(relayPort)
  if (openPort && port !== undefined && closed.includes(port)) {
    const why = '22 is never opened, and the others are the relay’s own'
    throw wrong(read, 'PORT', `another port than ${closed.join(', ')} with OPEN_PORT: ${why}`)
  }
  return Object.freeze({
    port,
    openPort,
    channelTimeoutSeconds: wholeNumber(read, 'CHANNEL_TIMEOUT', 1, 1_000) ?? 100,
    imageId: text(
      read,
      'IMAGE_ID',
      /^ami-[0-9a-f]{8,17}$/,
      'an image id like ami-0123456789abcdef0',
    ),
    instanceType: type ?? 't4g.nano',
    isInstanceTypeChosen: type !== undefined,
    region: parseRegion(read),
    credentials: parseCredentials(read),
    groupName: group ?? 'Expose Localhost',
    isGroupNameChosen: group !== undefined,
    stateFile: text(read, 'SERVER_INFO', /./, 'a file name') ?? 'server_info.json',
    emailAddress:
      text(
        read,
        'EMAIL_ADDRESS',
        /^[\x21-\x7e]+@[\x21-\x7e]+$/,
        'an address like me@example.com',
      ) ?? `${userName}@expose-localhost.com`,
    organization: text(read, 'ORGANIZATION', /^[^\p{Cc}]{1,64}$/u, 'at most 64 characters'),
    domain,
    issuer: parseIssuer(read, domain),
    authority,
    keyFile,
    certFile,
    subnetId: text(
      read,
      'SALLYPORT_SUBNET',
      /^subnet-[0-9a-f]{8,17}$/,
      'an id like subnet-0123abcd',
    ),
    // An address that a DNS name points at must stay ours until the records are gone (docs/aws.md), one
    // that is certified as long as the certificate lives.
    wantsElasticIp:
      flag(read, 'SALLYPORT_ELASTIC_IP') || domain !== undefined || authority !== undefined,
    tcpPorts: [
      ...(openPort && port !== undefined ? [{ from: port, to: port }] : []),
      ...parsePorts(read, closed),
    ],
    relayPort,
    pollSeconds: parsePoll(read),
    claimSeconds:
      wholeNumber(read, 'SALLYPORT_CLAIM_SECONDS', 1, maxClaimSeconds) ?? defaultClaimSeconds,
    ttlSeconds: parseDuration(read, 'SALLYPORT_TTL'),
    endWhenIdleSeconds: parseDuration(read, 'SALLYPORT_END_WHEN_IDLE'),
    nodeMirrors: parseMirrors(read),
    notes:
      read('KEY_PAIR') === undefined
        ? []
        : ['KEY_PAIR is ignored: the instance runs no ssh, so it needs no key pair'],
  })
}

function parseRegion(read: Read): string {
  for (const name of ['AWS_REGION_NAME', 'AWS_REGION', 'AWS_DEFAULT_REGION']) {
    const lowered = read(name)?.value.trim().toLowerCase()
    if (lowered === undefined) continue
    if (/^[a-z]{2}(-[a-z]+)+-\d$/.test(lowered)) return lowered
    throw wrong(read, name, 'a region like us-west-2')
  }
  return 'us-west-2'
}

function parseCredentials(read: Read): (() => Promise<Credentials>) | undefined {
  bothOrNeither(read, 'AWS_ACCESS_KEY', 'AWS_SECRET_KEY')
  const accessKeyId = read('AWS_ACCESS_KEY')?.value
  const secretAccessKey = read('AWS_SECRET_KEY')?.value
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined
  return async () => ({ accessKeyId, secretAccessKey })
}

function parseDomain(read: Read): Domain | undefined {
  const elsewhere = read('SALLYPORT_HOST')
  if (elsewhere !== undefined) {
    if (read('HOSTED_ZONE') !== undefined) {
      throw badInput('SP_CONFIG', {
        what: 'host name',
        where: elsewhere.where,
        right:
          'either --host (DNS kept elsewhere) or HOSTED_ZONE and SUBDOMAIN (Route 53), not both',
      })
    }
    return { kind: 'elsewhere', name: host(read, 'SALLYPORT_HOST', elsewhere.value) }
  }
  bothOrNeither(read, 'HOSTED_ZONE', 'SUBDOMAIN')
  const zone = read('HOSTED_ZONE')
  const subdomain = read('SUBDOMAIN')
  if (zone === undefined || subdomain === undefined) return undefined
  host(read, 'HOSTED_ZONE', zone.value)
  const name = host(read, 'SUBDOMAIN', `${subdomain.value}.${zone.value}`)
  return { kind: 'route53', name }
}

/** RFC 8657 §3. Only what Route 53 keeps as it is: no quote, no semicolon. */
function parseIssuer(read: Read, domain: Domain | undefined): CertificateIssuer | undefined {
  const uri = 'SALLYPORT_CAA_ACCOUNT'
  const accountUri = text(
    read,
    uri,
    /^https:\/\/[\w.:/~%-]{1,200}$/,
    'the url of an ACME account, like https://acme-v02.api.letsencrypt.org/acme/acct/1234',
  )
  const right = 'what an authority calls itself in CAA records, like letsencrypt.org'
  const authority = text(read, 'SALLYPORT_CAA_AUTHORITY', /^[a-z0-9.-]{1,200}$/, right)
  if (accountUri === undefined && authority !== undefined) {
    throw wrong(read, 'SALLYPORT_CAA_AUTHORITY', `${uri} beside it`)
  }
  if (accountUri === undefined) return undefined
  if (domain?.kind !== 'route53') {
    throw wrong(read, uri, 'HOSTED_ZONE and SUBDOMAIN too: the record stands at that name')
  }
  return { authority: authority ?? 'letsencrypt.org', accountUri }
}

function host(read: Read, name: string, value: string): string {
  const parsed = hostName.safeParse(value.replace(/\.$/, ''))
  if (!parsed.success) throw wrong(read, name, 'a DNS name: letters, digits, hyphens and dots')
  return parsed.data
}

/** Ports that no tcp route may have. 22 stays shut: nothing of ours answers there, and a scan must show
 * that. */
function closedPorts(relayPort: number): number[] {
  return relayPort === 443 ? [22, 80, 443] : [22, relayPort]
}

function parsePorts(read: Read, closed: readonly number[]): PortRange[] {
  const written = read('SALLYPORT_TCP_PORTS')
  if (written === undefined) return []
  const right = `at most ${maxPortRanges} ports or ranges like 2000-2100, without ${closed.join(', ')}`
  const ranges = written.value.split(',').map((part) => {
    const [, from = '', to = from] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part.trim()) ?? []
    const range = { from: Number(from), to: Number(to) }
    const isOrdered = from !== '' && range.from >= 1 && range.from <= range.to && range.to <= 65_535
    const isClosed = closed.some((port) => range.from <= port && range.to >= port)
    if (!isOrdered || isClosed) throw wrong(read, 'SALLYPORT_TCP_PORTS', right)
    return range
  })
  if (ranges.length > maxPortRanges) throw wrong(read, 'SALLYPORT_TCP_PORTS', right)
  return ranges
}

const secondsOf = { m: 60, h: 3_600, d: 86_400 } as const

function parseDuration(read: Read, name: string): number | undefined {
  const written = read(name)
  if (written === undefined) return undefined
  const [, digits = '', unit = ''] = /^(\d{1,5})([mhd])$/.exec(written.value) ?? []
  const scale = unit === 'm' || unit === 'h' || unit === 'd' ? secondsOf[unit] : Number.NaN
  const seconds = Number(digits) * scale
  if (seconds >= minTtlSeconds) return seconds
  throw wrong(read, name, 'a time like 90m, 12h or 3d, at least 30m')
}

/** Urls that a shell script quotes: nothing that ends a quotation. */
function parseMirrors(read: Read): string[] | undefined {
  const written = read('SALLYPORT_NODE_MIRRORS')
  if (written === undefined) return undefined
  const urls = written.value.split(',').map((url) => url.trim())
  if (urls.every((url) => /^https?:\/\/[\w.:/{}%~+-]+$/.test(url))) return urls
  throw wrong(read, 'SALLYPORT_NODE_MIRRORS', 'http or https urls with commas between them')
}

function parsePoll(read: Read): number {
  const written = read('SALLYPORT_POLL_SECONDS')
  if (written === undefined) return defaultPollSeconds
  const seconds = Number(written.value)
  if (seconds >= minPollSeconds && seconds <= maxPollSeconds) return seconds
  throw wrong(read, 'SALLYPORT_POLL_SECONDS', `seconds from ${minPollSeconds} to ${maxPollSeconds}`)
}

function text(read: Read, name: string, form: RegExp, right: string): string | undefined {
  const value = read(name)?.value
  if (value === undefined || form.test(value)) return value
  throw wrong(read, name, right)
}

function wholeNumber(read: Read, name: string, min: number, max: number): number | undefined {
  const value = read(name)?.value
  if (value === undefined) return undefined
  if (/^\d{1,6}$/.test(value) && Number(value) >= min && Number(value) <= max) return Number(value)
  throw wrong(read, name, `a whole number from ${min} to ${max}`)
}

function flag(read: Read, name: string): boolean {
  const value = read(name)?.value.toLowerCase()
  if (value === undefined || no.has(value)) return false
  if (yes.has(value)) return true
  throw wrong(read, name, 'true or false')
}

function bothOrNeither(read: Read, one: string, other: string): void {
  const [has, lacks] = read(one) === undefined ? [other, one] : [one, other]
  if (read(has) === undefined || read(lacks) !== undefined) return
  throw badInput('SP_CONFIG', {
    what: `${lacks} is missing`,
    where: read(has)?.where ?? has,
    right: `${one} and ${other} together, or neither`,
  })
}

function wrong(read: Read, name: string, right: string): SallyportError {
  const setting = read(name)
  return badInput('SP_CONFIG', {
    what: name,
    where: setting?.where ?? name,
    ...(setting === undefined ? {} : { value: setting.value }),
    right,
  })
}
