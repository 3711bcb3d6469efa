import assert from 'node:assert/strict'
import test from 'node:test'
import {
  checkRelayAuthority,
  describeAuthority,
  parseAuthority,
  parseRelayAuthority,
} from './authority-settings.ts'
import { maxAuthoritiesChars } from './limits.ts'

/** The settings of an environment. */
const reader = (env: Readonly<Record<string, string>>) => (name: string) => {
  const value = env[name]
  return value === undefined ? undefined : { value, where: name }
}
const staging = parseRelayAuthority(reader({ SALLYPORT_ACME_DIRECTORY: 'staging' }))
const own = parseRelayAuthority(reader({ SALLYPORT_ACME_DIRECTORY: 'https://ca.test/dir' }))

test('authority: `certificate` goes to Let’s Encrypt where the relay goes nowhere', () => {
  for (const env of [{}, { SALLYPORT_ACME_DIRECTORY: 'off' }]) {
    assert.equal(parseRelayAuthority(reader(env)), undefined)
    assert.match(parseAuthority(reader(env)).directory.url, /^https:\/\/acme-v02\./)
  }
  const { directory } = parseAuthority(reader({ SALLYPORT_ACME_DIRECTORY: 'staging' }))
  assert.deepEqual(directory, staging?.directory)
})

test('authority: a public one finds the relay at port 443 alone', () => {
  checkRelayAuthority({ authority: staging, relayPort: 443 })
  checkRelayAuthority({ authority: own, relayPort: 8443 })
  checkRelayAuthority({ relayPort: 8443 })
  assert.throws(() => checkRelayAuthority({ authority: staging, relayPort: 8443 }), {
    code: 'SP_CONFIG',
    message:
      'SALLYPORT_RELAY_PORT (with SALLYPORT_ACME_DIRECTORY): "8443" is not valid; needs 443, where public authorities look (RFC 8737 §3), or --acme-directory off',
  })
})

test('authority: a file of authorities that is absent or no PEM is told before anything is made', () => {
  for (const caFile of ['absent.pem', import.meta.filename]) {
    const env = { SALLYPORT_ACME_DIRECTORY: 'https://ca.test/dir', SALLYPORT_ACME_CA_FILE: caFile }
    const authority = parseRelayAuthority(reader(env))
    assert.throws(() => checkRelayAuthority({ authority, relayPort: 443 }), {
      code: 'SP_CONFIG',
      message: `authorities (SALLYPORT_ACME_CA_FILE): "${caFile}" is not valid; needs a readable file of PEM certificates, at most ${maxAuthoritiesChars} characters`,
    })
  }
})

test('authority: the plan says who certifies, what, and where it must look', () => {
  assert.equal(describeAuthority({ relayPort: 443 }), undefined)
  assert.equal(
    describeAuthority({ authority: own, relayPort: 443 }),
    'the relay orders them from https://ca.test/dir, whose terms you agree to: for its address',
  )
  const domain = { name: 'tunnel.example.com' }
  assert.equal(
    describeAuthority({ authority: own, relayPort: 8443, domain }),
    'the relay orders them from https://ca.test/dir, whose terms you agree to: for its address, for tunnel.example.com as soon as an agent asks for it; it must look for them at port 8443, where the standard says 443',
  )
})
