import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { X509Certificate, createPublicKey } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { mkdtempDisposableSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { createSelfSigned, generateTlsKey } from './self-signed.ts'

function openssl(args: readonly string[], input = ''): string {
  const result = spawnSync('openssl', args, { input, encoding: 'utf8' })
  assert.equal(result.status, 0, `openssl ${args.join(' ')}: ${result.stderr}`)
  return result.stdout
}

const make = (host: string, now = new Date()) => {
  const key = generateTlsKey()
  return { key, pem: createSelfSigned({ key, names: [host], now }) }
}

test('self-signed: openssl reads it as a version 3 certificate for a server', () => {
  const { pem } = make('relay.example.com')
  const shown = openssl(['x509', '-noout', '-text'], pem)
  for (const expected of [
    /Version: 3 \(0x2\)/,
    /Signature Algorithm: ecdsa-with-SHA256/,
    /ASN1 OID: prime256v1/,
    /X509v3 Basic Constraints: critical\s+CA:FALSE/,
    /X509v3 Key Usage: critical\s+Digital Signature\n/,
    /X509v3 Extended Key Usage:\s+TLS Web Server Authentication\n/,
    /X509v3 Subject Alternative Name:\s+DNS:relay\.example\.com\n/,
  ]) {
    assert.match(shown, expected)
  }
})

test('self-signed: openssl verifies it for its host, and for no other', () => {
  using directory = mkdtempDisposableSync(join(tmpdir(), 'sallyport-self-signed-'))
  const file = join(directory.path, 'tls.crt')
  for (const [host, check, other] of [
    ['relay.example.com', '-verify_hostname', 'relay.example.org'],
    ['127.0.0.1', '-verify_ip', '127.0.0.2'],
    ['2001:db8::7', '-verify_ip', '2001:db8::8'],
    ['::1', '-verify_ip', '::2'],
  ] as const) {
    writeFileSync(file, make(host).pem)
    const verify = ['verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', file]
    assert.match(openssl([...verify, check, host, file]), /: OK/)
    const refused = spawnSync('openssl', [...verify, check, other, file], { encoding: 'utf8' })
    assert.notEqual(refused.status, 0, `${host} passed for ${other}`)
  }
})

test('self-signed: node:crypto agrees on names, dates and key', () => {
  const now = new Date('2026-11-20T12:00:00Z')
  const { key, pem } = make('192.0.2.1', now)
  const certificate = new X509Certificate(pem)
  assert.equal(certificate.subjectAltName, 'IP Address:192.0.2.1')
  assert.equal(certificate.validFromDate.toISOString(), '2026-11-20T11:55:00.000Z')
  assert.equal(certificate.validToDate.toISOString(), '2029-02-22T11:55:00.000Z')
  assert.ok(certificate.checkPrivateKey(key))
  assert.ok(certificate.verify(createPublicKey(key)))
})

test('self-signed: years from 2050 on have four digits', () => {
  const certificate = new X509Certificate(make('localhost', new Date('2049-06-01T00:00:00Z')).pem)
  assert.equal(certificate.validFromDate.getUTCFullYear(), 2049)
  assert.equal(certificate.validToDate.getUTCFullYear(), 2051)
})

test('self-signed: serial numbers are positive, of full length and all different', () => {
  const serials = Array.from(
    { length: 50 },
    () => new X509Certificate(make('a.test').pem).serialNumber,
  )
  for (const serial of serials) assert.match(serial, /^[4-7][0-9A-F]{31}$/)
  assert.equal(new Set(serials).size, serials.length)
})
