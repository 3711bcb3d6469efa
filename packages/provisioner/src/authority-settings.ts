// Which authority certifies, from the environment: SALLYPORT_ACME_DIRECTORY and the like. `certificate` orders
// there itself; `up` lets the relay do so, but only where the directory is set.
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type AcmeDirectory, parseAcmeDirectory, parseEmailAddress } from '@sallyport/acme'
import { badInput } from '@sallyport/protocol'
import type { Setting } from './env-file.ts'
import { maxAuthoritiesChars } from './limits.ts'

export interface AuthoritySettings {
  readonly directory: AcmeDirectory
  /** Where the directory was written. */
  readonly where: string
  readonly email: string | undefined
  /** A file of PEM: who issued its own certificate; default: whom the system trusts. */
  readonly caFile: Setting | undefined
}

type Read = (name: string) => Setting | undefined

/** For `certificate`. @throws {SallyportError} SP_CONFIG. */
export function parseAuthority(read: Read): AuthoritySettings {
  return parseRelayAuthority(read) ?? parse(read, { value: 'letsencrypt', where: 'default' })
}

/** For the relay; undefined = it orders nothing. @throws {SallyportError} SP_CONFIG. */
export function parseRelayAuthority(read: Read): AuthoritySettings | undefined {
  const directory = read('SALLYPORT_ACME_DIRECTORY')
  return directory === undefined || directory.value === 'off' ? undefined : parse(read, directory)
}

function parse(read: Read, directory: Setting): AuthoritySettings {
  const email = read('SALLYPORT_ACME_EMAIL')
  return {
    directory: parseAcmeDirectory(directory.value, directory.where, 'SP_CONFIG'),
    where: directory.where,
    email: email && parseEmailAddress(email.value, email.where, 'SP_CONFIG'),
    caFile: read('SALLYPORT_ACME_CA_FILE'),
  }
}

/** The text of the CA file. @throws {SallyportError} SP_CONFIG. */
export function readAuthorities({ caFile }: AuthoritySettings): string | undefined {
  if (caFile === undefined) return undefined
  const { value, where } = caFile
  try {
    const text = readFileSync(value, 'utf8')
    if (text.length > maxAuthoritiesChars) throw new RangeError(`${text.length} characters`)
    // Throws for what is no PEM.
    void new X509Certificate(text)
    return text
  } catch {
    const right = `a readable file of PEM certificates, at most ${maxAuthoritiesChars} characters`
    throw badInput('SP_CONFIG', { what: 'authorities', where, value, right })
  }
}

interface RelaySettings {
  readonly authority?: AuthoritySettings | undefined
  readonly relayPort: number
}

/**
 * Before anything is made: whether the relay can have its certificates.
 * @throws {SallyportError} SP_CONFIG.
 */
export function checkRelayAuthority({ authority, relayPort }: RelaySettings): void {
  if (authority === undefined) return
  readAuthorities(authority)
  if (relayPort === webPort || !authority.directory.isPublic) return
  throw badInput('SP_CONFIG', {
    what: 'SALLYPORT_RELAY_PORT',
    where: `with ${authority.where}`,
    value: String(relayPort),
    right: `${webPort}, where public authorities look (RFC 8737 §3), or --acme-directory off`,
  })
}

const webPort = 443

/** For `plan`; undefined = the relay orders nothing. */
export function describeAuthority(
  settings: RelaySettings & { readonly domain?: { readonly name: string } | undefined },
): string | undefined {
  const { authority, relayPort, domain } = settings
  if (authority === undefined) return undefined
  const name = domain === undefined ? '' : `, for ${domain.name} as soon as an agent asks for it`
  const port =
    relayPort === webPort
      ? ''
      : `; it must look for them at port ${relayPort}, where the standard says ${webPort}`
  return `the relay orders them from ${authority.directory.url}, whose terms you agree to: for its address${name}${port}`
}
