import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash, createPublicKey, verify, X509Certificate } from 'node:crypto'
import test from 'node:test'
import { createAuthority } from '../../../test/support/authority.ts'
import { createCertificateRequest } from './certificate-request.ts'
import { challengeServerName, createChallengeCertificate } from './challenge.ts'
import { AccountKey } from './jws.ts'
import { renewalId } from './renewal-id.ts'
import { renewalTime } from './renewal.ts'
import { generateTlsKey } from './self-signed.ts'

function openssl(args: readonly string[], input: string | Buffer): string {
  const { status, stdout, stderr } = spawnSync('openssl', args, { input, encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  return stdout
}

test('challenge: an address is asked for by its reverse name', () => {
  assert.equal(challengeServerName('a.test'), 'a.test')
  assert.equal(challengeServerName('192.0.2.7'), '7.2.0.192.in-addr.arpa')
  assert.equal(
    challengeServerName('2001:db8::7'),
    '7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa',
  )
})

test('challenge: the certificate carries the digest, and is critical about it (RFC 8737)', () => {
  const keyAuthorization = 'token.thumbprint'
  const challenge = {
    type: 'tls-alpn-01',
    name: '192.0.2.7',
    token: 'token',
    keyAuthorization,
  } as const
  const { cert } = createChallengeCertificate(challenge, new Date())
  assert.equal(new X509Certificate(cert).subjectAltName, 'IP Address:192.0.2.7')
  const digest = createHash('sha256').update(keyAuthorization).digest('hex').toUpperCase()
  const shown = openssl(['asn1parse'], cert)
  assert.match(
    shown,
    new RegExp(`1\\.3\\.6\\.1\\.5\\.5\\.7\\.1\\.31\\n.*BOOLEAN +:255\\n.*:0420${digest}`),
  )
})

test('certificate request: openssl reads names and addresses, and the signature holds', () => {
  const request = createCertificateRequest(generateTlsKey(), ['a.test', '2001:db8::7'])
  const shown = openssl(['req', '-inform', 'DER', '-noout', '-text', '-verify'], request)
  assert.match(shown, /DNS:a\.test, IP Address:2001:DB8:0:0:0:0:0:7/)
  assert.match(shown, /Subject: *\n/)
})

test('account key: signs ES256 as RFC 7515 has it, with the key first and the account later', () => {
  const pem = AccountKey.generate()
  const key = new AccountKey(pem)
  const target = { url: 'https://a.test/x', nonce: 'n', kid: undefined }
  for (const kid of [undefined, 'https://a.test/account/1']) {
    const message = JSON.parse(key.sign({ a: 1 }, { ...target, kid })) as Record<string, string>
    const signed = Buffer.from(`${message['protected']}.${message['payload']}`)
    const signature = Buffer.from(message['signature'] ?? '', 'base64url')
    const publicKey = { key: createPublicKey(pem), dsaEncoding: 'ieee-p1363' } as const
    assert.ok(verify('sha256', signed, publicKey, signature))
    const head = JSON.parse(
      Buffer.from(message['protected'] ?? '', 'base64url').toString(),
    ) as object
    assert.deepEqual(Object.keys(head), ['alg', 'nonce', 'url', kid === undefined ? 'jwk' : 'kid'])
  }
  const asGet = JSON.parse(key.sign(undefined, target)) as Record<string, string>
  assert.equal(asGet['payload'], '')
  assert.throws(() => new AccountKey('x'))
})

test('renewal: the id is the issuer key and the serial number (RFC 9773, its own example has this form)', () => {
  const { leaf } = createAuthority().issue({ names: ['a.test'] })
  const [issuer = '', serial = ''] = renewalId(leaf)?.split('.') ?? []
  const shown = openssl(['x509', '-noout', '-text'], leaf)
  const [, identifier = ''] =
    /Authority Key Identifier: *\n *(?:keyid:)?([0-9A-F:]+)/.exec(shown) ?? []
  assert.equal(
    Buffer.from(issuer, 'base64url').toString('hex').toUpperCase(),
    identifier.replaceAll(':', ''),
  )
  const { serialNumber } = new X509Certificate(leaf)
  const hex = Buffer.from(serial, 'base64url').toString('hex').toUpperCase().replace(/^00/, '')
  assert.equal(hex, serialNumber)
})

test('renewal: in the window, but never in the last tenth; without one past half, with jitter', () => {
  const life = { validFromMs: 1_000, validToMs: 2_000 }
  assert.equal(renewalTime(life, undefined, 0), 1_500)
  assert.equal(renewalTime(life, undefined, 0.999_999).toFixed(0), '1600')
  assert.equal(renewalTime(life, { startMs: 1_200, endMs: 1_400 }, 0.5), 1_300)
  assert.equal(renewalTime(life, { startMs: 1_950, endMs: 2_950 }, 0.5), 1_900)
  assert.equal(renewalTime(life, { startMs: 500, endMs: 600 }, 0), 500)
})
