// An authority of a test's own with an intermediate, and certificates of any names, dates and keys from
// it. Made by openssl.
import { execFileSync } from 'node:child_process'
import { mkdtempDisposableSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface IssueOptions {
  /** DNS names and `IP:` addresses of the alternative names; none: the common name is all there is. */
  readonly names?: readonly string[]
  readonly commonName?: string
  /** Of its life, from now; default 90. */
  readonly days?: number
  readonly rsa?: boolean
}

export interface Issued {
  readonly key: string
  readonly leaf: string
  /** Leaf and intermediate. */
  readonly chain: string
}

export interface Authority {
  readonly root: string
  readonly intermediate: string
  issue(options: IssueOptions): Issued
}

export function createAuthority(): Authority {
  const issuer = { name: 'Test root', ...create('/CN=Test root') }
  const intermediate = sign(create('/CN=Test intermediate'), issuer, ['CA:TRUE'], 3650)
  return {
    root: issuer.certificate,
    intermediate: intermediate.certificate,
    issue({ names = [], commonName = 'Test leaf', days = 90, rsa = false }) {
      const request = create(`/CN=${commonName}`, rsa)
      const alternatives = names.map((name) => (name.includes(':') ? name : `DNS:${name}`))
      const made = sign(request, intermediate, ['CA:FALSE', ...alternatives], days)
      const { key, certificate: leaf } = made
      return { key, leaf, chain: leaf + intermediate.certificate }
    },
  }
}

interface Made {
  readonly key: string
  /** Self-signed. */
  readonly certificate: string
}

function create(subject: string, rsa = false): Made {
  return inDirectory((path) => {
    const algorithm = rsa ? ['rsa:2048'] : ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256']
    openssl(
      ['req', '-x509', '-sha256', '-nodes', '-days', '3650', '-subj', subject]
        .concat(['-newkey', ...algorithm])
        .concat(['-keyout', path('key'), '-out', path('certificate')]),
    )
    return read(path)
  })
}

/** Of the constraints the first is whether it is an authority, the others are alternative names. */
function sign(of: Made, by: Made, constraints: readonly string[], days: number): Made {
  return inDirectory((path) => {
    const [basic = '', ...names] = constraints
    const alternatives = names.length === 0 ? [] : [`subjectAltName=${names.join(',')}`]
    writeFileSync(path('extensions'), [`basicConstraints=${basic}`, ...alternatives].join('\n'))
    writeFileSync(path('key'), of.key)
    writeFileSync(path('self-signed'), of.certificate)
    writeFileSync(path('issuer'), by.certificate)
    writeFileSync(path('issuer-key'), by.key)
    openssl(
      ['x509', '-x509toreq', '-in', path('self-signed'), '-signkey', path('key')].concat([
        '-out',
        path('request'),
      ]),
    )
    openssl(
      ['x509', '-req', '-in', path('request'), '-CA', path('issuer'), '-CAkey', path('issuer-key')]
        .concat(['-CAcreateserial', '-days', String(days), '-sha256'])
        .concat(['-extfile', path('extensions'), '-out', path('certificate')]),
    )
    return read(path)
  })
}

function inDirectory(work: (path: (name: string) => string) => Made): Made {
  using directory = mkdtempDisposableSync(join(tmpdir(), 'sallyport-authority-'))
  return work((name) => join(directory.path, name))
}

function read(path: (name: string) => string): Made {
  return {
    key: readFileSync(path('key'), 'utf8'),
    certificate: readFileSync(path('certificate'), 'utf8'),
  }
}

function openssl(args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] })
}
