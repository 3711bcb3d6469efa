// What browsers say, of certificates made by openssl.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { temporaryDirectory } from '../../../../test/support/temporary-directory.ts'
import { type CertificateFacts, judgeCertificate } from './certificate-verdict.ts'

const dayMs = 24 * 60 * 60 * 1_000

async function make(): Promise<X509Certificate> {
  await using directory = await temporaryDirectory()
  const [key, file] = [directory.join('key'), directory.join('certificate')]
  execFileSync(
    'openssl',
    ['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-x509']
      .concat(['-days', '60', '-subj', '/CN=x', '-keyout', key, '-out', file])
      .concat(['-addext', 'subjectAltName=DNS:*.example.com,IP:192.0.2.7']),
    { stdio: 'ignore' },
  )
  return new X509Certificate(readFileSync(file))
}

const certificate = await make()
const made = certificate.validFromDate.getTime()

function judge(facts: Partial<CertificateFacts> & { readonly day?: number }) {
  const today = new Date(made + (facts.day ?? 1) * dayMs)
  const usual = { certificate, host: 'app.example.com', today, chainError: undefined }
  return judgeCertificate({ ...usual, ...facts })
}

test('certificate: one that an authority vouches for is good', () => {
  assert.equal(judge({}).state, 'ok')
  assert.equal(judge({ host: '192.0.2.7' }).state, 'ok')
})

test('certificate: one that ends soon is worth a word', () => {
  const { state, text } = judge({ day: 50 })
  assert.equal(state, 'warn')
  assert.match(text, /: 9 days$|: 10 days$/)
})

test('certificate: a self-signed one is worth a word, whatever its name', () => {
  const chainError = 'DEPTH_ZERO_SELF_SIGNED_CERT'
  assert.equal(judge({ chainError }).state, 'warn')
  assert.equal(judge({ chainError, host: 'other.test' }).state, 'warn')
})

test('certificate: expired, too new, for another name, or of nobody known is broken', () => {
  const wrong: readonly (readonly [Parameters<typeof judge>[0], RegExp])[] = [
    [{ day: 61 }, /^expired on/],
    [{ day: 61, chainError: 'DEPTH_ZERO_SELF_SIGNED_CERT' }, /^expired on/],
    [{ day: -1 }, /^is not valid before/],
    [{ host: 'example.com' }, /^is for \*\.example\.com, 192\.0\.2\.7, not for example\.com$/],
    [{ host: '192.0.2.8' }, /not for 192\.0\.2\.8$/],
    [{ chainError: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }, /^comes without the certificates between/],
    [{ chainError: 'CERT_REVOKED' }, /^is not trusted here \(CERT_REVOKED\)$/],
  ]
  for (const [facts, expected] of wrong) {
    const { state, text, fix } = judge(facts)
    assert.equal(state, 'broken')
    assert.match(text, expected)
    assert.ok(fix)
  }
})
