// `provisioner certificate`: a certificate for the stack's name and all names under it. The relay makes the
// key and a request, the authority asks the DNS, the relay gets the chain: it never holds an AWS key, and
// we never hold its TLS key.
import { X509Certificate } from 'node:crypto'
import { openAuthority, orderCertificate } from '@sallyport/acme'
import { SallyportError } from '@sallyport/protocol'
import { type AuthoritySettings, readAuthorities } from './authority-settings.ts'
import type { Cloud } from './cloud.ts'
import { DnsChallenges } from './dns-challenges.ts'
import { certifySeconds } from './limits.ts'
import { dialRelay, requireClaimed } from './relay-commands.ts'
import { createCloud, type StackOptions } from './stack.ts'
import { openState } from './state-file.ts'
import { findZone } from './zone.ts'

export interface Certified {
  readonly names: readonly string[]
  readonly validTo: Date
}

/** @throws {SallyportError} SP_STATE, SP_CONFIG, SP_ACME, and what AWS and the relay refuse with. */
export async function certify(
  options: StackOptions,
  authoritySettings: AuthoritySettings,
): Promise<Certified> {
  const { settings, signal, now } = options
  const { domain } = settings
  if (domain?.kind !== 'route53') {
    const why = 'a certificate by DNS needs HOSTED_ZONE and SUBDOMAIN'
    throw new SallyportError('SP_CONFIG', `${why}; up --acme-directory needs neither`)
  }
  const ca = readAuthorities(authoritySettings)
  await using file = openState(settings.stateFile)
  const claimed = requireClaimed(options, file.state)
  const { stack = '', region = settings.region } = file.state ?? {}
  const cloud: Cloud = createCloud(options, stack, region)
  const authority = await openAuthority({
    directoryUrl: authoritySettings.directory.url,
    email: authoritySettings.email,
    ca,
    userAgent: 'sallyport-provisioner',
    now: () => now().getTime(),
    vault: {
      read: async (name) => file.state?.acmeAccounts?.[name],
      write: async (name, text) =>
        void file.update({ acmeAccounts: { ...file.state?.acmeAccounts, [name]: text } }),
    },
  })
  const zone = await findZone(cloud, domain.name)
  const names = [domain.name, `*.${domain.name}`]
  using call = await dialRelay(options, claimed)
  const { body } = await call.ask({ do: 'csr', names })
  const chain = await orderCertificate({
    authority,
    names,
    key: derOf(body.toString('latin1')),
    responder: new DnsChallenges(cloud, zone.id),
    attempt: 0,
    signal: AbortSignal.any([signal, AbortSignal.timeout(certifySeconds * 1_000)]),
  })
  using delivery = await dialRelay(options, claimed)
  await delivery.ask({ do: 'certificate' }, Buffer.from(chain))
  return { names, validTo: new X509Certificate(chain).validToDate }
}

function derOf(pem: string): Buffer {
  const [, text = ''] = /-----BEGIN CERTIFICATE REQUEST-----([^-]+)-----END/.exec(pem) ?? []
  return Buffer.from(text, 'base64')
}
