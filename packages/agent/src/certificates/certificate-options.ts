// `--certificate auto` and the authority behind it, from flags, variables and file.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseAcmeDirectory, parseEmailAddress } from '@sallyport/acme'
import { type ErrorCode, badInput } from '@sallyport/protocol'
import { openPrivateFiles } from '@sallyport/settings'
import type { RouteRequest } from '../route-book.ts'
import type { ReadSetting } from '../route-options.ts'
import type { Variables } from '../settings.ts'
import type { CertificateSettings } from './own-certificates.ts'

/** @throws {SallyportError} of `code`. */
export function parseCertificate(text: string, where: string, code: ErrorCode): 'auto' | 'off' {
  if (text === 'auto' || text === 'off') return text
  const right = 'auto (ordered and renewed by this agent) or off'
  throw badInput(code, { what: 'certificate', where, value: text, right })
}

/**
 * The routes, with those marked whose TLS ends here, and where their certificates come from.
 * @throws {SallyportError} SP_USAGE, SP_CONFIG.
 */
export async function withCertificates<Route extends RouteRequest>(
  routes: readonly Route[],
  read: ReadSetting,
  variables: Variables,
): Promise<{
  readonly routes: readonly Route[]
  readonly certificates: CertificateSettings | undefined
}> {
  const asked = read('certificate', (text, where, code) => {
    const isAsked = parseCertificate(text, where, code) === 'auto'
    if (!isAsked || routes.some(({ url }) => url.kind === 'passthrough')) return isAsked
    const right = 'a --url passthrough://NAME beside it: elsewhere the relay ends TLS'
    throw badInput(code, { what: 'certificate', where, value: text, right })
  })
  const directory =
    read('acme-directory', parseAcmeDirectory) ??
    parseAcmeDirectory('letsencrypt', '', 'SP_INTERNAL')
  const email = read('acme-email', parseEmailAddress)
  const caFile = read('acme-ca-file', (path, where, code) => ({ path, where, code }))
  if (asked !== true) return { routes, certificates: undefined }
  return {
    routes: routes.map((route) =>
      route.url.kind === 'passthrough' ? { ...route, endsTls: true } : route,
    ),
    certificates: {
      directory,
      email,
      ca: caFile && (await readAuthorities(caFile)),
      vault: openPrivateFiles(certificatesPath(variables)),
    },
  }
}

async function readAuthorities(file: {
  readonly path: string
  readonly where: string
  readonly code: ErrorCode
}): Promise<string> {
  const text = await readFile(file.path, 'utf8').catch(() => '')
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text
  throw badInput(file.code, {
    what: 'authorities',
    where: file.where,
    value: file.path,
    right: 'a readable file of PEM certificates',
  })
}

/** The XDG base directory specification: an unset or empty variable means ~/.local/state. */
function certificatesPath({ XDG_STATE_HOME: base, HOME: home = '/' }: Variables): string {
  return join(base || join(home, '.local', 'state'), 'sallyport', 'agent-certificates')
}
