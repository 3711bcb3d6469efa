import assert from 'node:assert/strict'
import test from 'node:test'
import { inspect } from 'node:util'
import { isSallyportError } from '@sallyport/protocol'
import { parseSettings, type Settings } from './settings.ts'

/** Parses settings as if they stood in the environment. */
function parse(env: Readonly<Record<string, string>>): Settings {
  return parseSettings((name) => {
    const value = env[name]
    return value === undefined ? undefined : { value, where: `${name} in the environment` }
  }, 'ada')
}

test('settings: the defaults are those of the system that inspired this, but for t4g.nano', () => {
  const settings = parse({})
  assert.deepEqual(
    {
      openPort: settings.openPort,
      channelTimeoutSeconds: settings.channelTimeoutSeconds,
      instanceType: settings.instanceType,
      region: settings.region,
      groupName: settings.groupName,
      stateFile: settings.stateFile,
      emailAddress: settings.emailAddress,
      domain: settings.domain,
      relayPort: settings.relayPort,
    },
    {
      openPort: false,
      channelTimeoutSeconds: 100,
      instanceType: 't4g.nano',
      region: 'us-west-2',
      groupName: 'Expose Localhost',
      stateFile: 'server_info.json',
      emailAddress: 'ada@expose-localhost.com',
      domain: undefined,
      relayPort: 443,
    },
  )
})

test('settings: an .env of the old system is taken whole', async () => {
  const settings = parse({
    PORT: '2021',
    OPEN_PORT: 'True',
    CHANNEL_TIMEOUT: '30',
    IMAGE_ID: 'ami-0123456789abcdef0',
    INSTANCE_TYPE: 't2.nano',
    AWS_ACCESS_KEY: 'AKIAEXAMPLE',
    AWS_SECRET_KEY: 'canary-secret',
    AWS_REGION_NAME: 'US-WEST-2',
    KEY_PAIR: 'expose_localhost',
    SECURITY_GROUP: 'Expose Localhost',
    SERVER_INFO: 'other.json',
    EMAIL_ADDRESS: 'me@example.com',
    ORGANIZATION: 'Example',
    HOSTED_ZONE: 'MyWebsite.com',
    SUBDOMAIN: 'tunnel',
    KEY_FILE: 'private.pem',
    CERT_FILE: 'public.pem',
  })
  assert.equal(settings.region, 'us-west-2')
  assert.deepEqual(settings.tcpPorts, [{ from: 2021, to: 2021 }])
  assert.deepEqual(settings.domain, { kind: 'route53', name: 'tunnel.mywebsite.com' })
  assert.equal(settings.wantsElasticIp, true)
  assert.match(settings.notes.join(), /KEY_PAIR is ignored/)
  assert.deepEqual(await settings.credentials?.(), {
    accessKeyId: 'AKIAEXAMPLE',
    secretAccessKey: 'canary-secret',
  })
  assert.doesNotMatch(inspect(settings) + JSON.stringify(settings), /canary-secret/)
})

const wrong: readonly (readonly [Readonly<Record<string, string>>, RegExp])[] = [
  [{ PORT: '70000' }, /PORT \(PORT in the environment\): "70000" .* from 1 to 65535/],
  [{ PORT: '0x50' }, /a whole number from 1 to 65535/],
  [{ OPEN_PORT: 'maybe' }, /"maybe" is not valid; needs true or false/],
  [{ OPEN_PORT: 'true' }, /PORT set too/],
  [{ OPEN_PORT: 'true', PORT: '22' }, /22 is never opened/],
  [{ OPEN_PORT: 'true', PORT: '443' }, /another port than 22, 80, 443 with OPEN_PORT/],
  [{ SALLYPORT_TCP_PORTS: '440-450' }, /without 22, 80, 443/],
  [{ SALLYPORT_RELAY_PORT: '8443', SALLYPORT_TCP_PORTS: '8443' }, /without 22, 8443/],
  [{ CHANNEL_TIMEOUT: '0' }, /from 1 to 1000/],
  [{ IMAGE_ID: 'ubuntu' }, /an image id like ami-/],
  [{ INSTANCE_TYPE: 'tiny' }, /a type like t4g.nano/],
  [{ AWS_REGION_NAME: 'Oregon' }, /a region like us-west-2/],
  [{ AWS_ACCESS_KEY: 'x' }, /AWS_SECRET_KEY is missing .* together, or neither/],
  [{ AWS_SECRET_KEY: 'canary' }, /AWS_ACCESS_KEY is missing/],
  [{ HOSTED_ZONE: 'example.com' }, /SUBDOMAIN is missing .* together, or neither/],
  [{ SUBDOMAIN: 'tunnel' }, /HOSTED_ZONE is missing/],
  [{ HOSTED_ZONE: 'exa mple.com', SUBDOMAIN: 'a' }, /a DNS name/],
  [{ SALLYPORT_HOST: 'a.example', HOSTED_ZONE: 'example.com', SUBDOMAIN: 'a' }, /not both/],
  [{ KEY_FILE: 'private.pem' }, /CERT_FILE is missing/],
  [{ EMAIL_ADDRESS: 'nobody' }, /an address like me@example.com/],
  [{ SALLYPORT_TCP_PORTS: '20-25' }, /without 22/],
  [{ SALLYPORT_TCP_PORTS: '3000-2000' }, /ranges like 2000-2100/],
  [{ SALLYPORT_SUBNET: 'mine' }, /subnet-/],
  [{ SALLYPORT_ACME_DIRECTORY: 'http://a' }, /letsencrypt, staging, off, or the https URL/],
  [{ SALLYPORT_ACME_DIRECTORY: 'staging', SALLYPORT_ACME_EMAIL: 'me' }, /needs NAME@HOST/],
  [{ SALLYPORT_TTL: '5m' }, /at least 30m/],
  [{ SALLYPORT_TTL: 'soon' }, /a time like 90m/],
  [{ SALLYPORT_NODE_MIRRORS: "https://a/'; reboot" }, /http or https urls/],
  [{ SALLYPORT_POLL_SECONDS: 'often' }, /seconds from 0.01 to 60/],
]

for (const [env, message] of wrong) {
  test(`settings: ${JSON.stringify(env)} is refused with the place and what is right`, () => {
    assert.throws(
      () => parse(env),
      (error) => {
        assert.ok(isSallyportError(error))
        assert.equal(error.code, 'SP_CONFIG')
        assert.match(error.message, message)
        assert.doesNotMatch(error.message, /canary|\n/)
        return true
      },
    )
  })
}

test('settings: the relay orders certificates only where an authority is named, at an address that stays', () => {
  for (const env of [{}, { SALLYPORT_ACME_DIRECTORY: 'off' }, { SALLYPORT_ACME_EMAIL: 'a@b' }]) {
    const { authority, wantsElasticIp } = parse(env)
    assert.deepEqual([authority, wantsElasticIp], [undefined, false])
  }
  const { authority, wantsElasticIp } = parse({
    SALLYPORT_ACME_DIRECTORY: 'letsencrypt',
    SALLYPORT_ACME_CA_FILE: 'ca.pem',
    EMAIL_ADDRESS: 'me@example.com',
  })
  assert.equal(wantsElasticIp, true)
  assert.deepEqual(authority, {
    directory: { url: 'https://acme-v02.api.letsencrypt.org/directory', isPublic: true },
    where: 'SALLYPORT_ACME_DIRECTORY in the environment',
    // Of the self-signed certificate, and made up where it is not set: no authority hears of it.
    email: undefined,
    caFile: { value: 'ca.pem', where: 'SALLYPORT_ACME_CA_FILE in the environment' },
  })
})

test('settings: a CAA account needs a name in Route 53, and the form of a url', () => {
  const zone = { HOSTED_ZONE: 'example.com', SUBDOMAIN: 'tunnel' }
  const account = 'https://acme-v02.api.letsencrypt.org/acme/acct/1'
  assert.deepEqual(parse({ ...zone, SALLYPORT_CAA_ACCOUNT: account }).issuer, {
    authority: 'letsencrypt.org',
    accountUri: account,
  })
  const other = { SALLYPORT_CAA_ACCOUNT: account, SALLYPORT_CAA_AUTHORITY: 'sectigo.com' }
  assert.equal(parse({ ...zone, ...other }).issuer?.authority, 'sectigo.com')
  for (const [env, right] of [
    [{ SALLYPORT_CAA_ACCOUNT: account }, /HOSTED_ZONE and SUBDOMAIN too/],
    [{ ...zone, SALLYPORT_CAA_ACCOUNT: 'acct/1' }, /url of an ACME account/],
    [{ ...zone, SALLYPORT_CAA_ACCOUNT: `${account}"; x` }, /url of an ACME account/],
    [{ ...zone, SALLYPORT_CAA_AUTHORITY: 'sectigo.com' }, /SALLYPORT_CAA_ACCOUNT beside it/],
  ] as const) {
    assert.throws(() => parse(env), right)
  }
})

test('settings: both ways for a machine to end itself take 90m, 12h, 3d, and half an hour at least', () => {
  const settings = parse({ SALLYPORT_TTL: '3d', SALLYPORT_END_WHEN_IDLE: '90m' })
  assert.deepEqual([settings.ttlSeconds, settings.endWhenIdleSeconds], [259_200, 5_400])
  for (const name of ['SALLYPORT_TTL', 'SALLYPORT_END_WHEN_IDLE']) {
    for (const value of ['29m', '12', '1w', '-1h', '']) {
      assert.throws(
        () => parse({ [name]: value }),
        new RegExp(`^SallyportError: ${name} .*at least 30m`),
      )
    }
  }
})
