// A key and a certificate for a test's own TLS listener, made by openssl once a process.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Certificate {
  readonly key: string
  readonly certificate: string
}

export function makeCertificate(): Certificate {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-test-'))
  try {
    const key = join(directory, 'key.pem')
    const certificate = join(directory, 'certificate.pem')
    execFileSync(
      'openssl',
      ['req', '-newkey', 'rsa:2048', '-sha256', '-nodes', '-keyout', key, '-x509', '-days', '2']
        .concat(['-out', certificate])
        .concat(['-subj', '/C=US/O=Example Brooklyn Company/CN=tunnel.example.com']),
      { stdio: 'ignore' },
    )
    return { key: readFileSync(key, 'utf8'), certificate: readFileSync(certificate, 'utf8') }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
