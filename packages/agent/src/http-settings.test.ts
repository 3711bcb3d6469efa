import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatTarget } from '@sallyport/protocol'
import { formatPasswordLine } from './http/index.ts'
import { type Surrounding, load } from './load-config.test.support.ts'
import type { HttpSettings } from './served-route.ts'

/** Of the nth route. */
async function httpOf(args: string, given: Surrounding = {}, nth = 0): Promise<HttpSettings> {
  const { routes } = await load(args.split(' ').filter(Boolean), given)
  return routes[nth]?.http ?? assert.fail('no http')
}

const file = (text: string): Surrounding => ({ files: { 'a.yaml': text } })

test('http settings: without any, everything passes', async () => {
  const { policy, paths } = await httpOf('3000')
  assert.deepEqual(
    Object.values(policy).filter((value) => value !== undefined),
    [],
  )
  assert.deepEqual(paths, [])
})

test('http settings: flags, variables and the file say the same', async () => {
  const expected = (settings: HttpSettings): void => {
    const { policy } = settings
    assert.equal(policy.hostHeader, 'app.internal:80')
    assert.equal(policy.maxBodyBytes, 10_000_000)
    assert.equal(policy.originTimeoutMs, 30_000)
    assert.equal(policy.trustedProxies?.has('10.1.2.3'), true)
    assert.equal(policy.access?.deny?.has('192.0.2.7'), true)
    assert.equal(policy.access?.allow?.has('2001:db8::1'), true)
    assert.deepEqual(policy.requestHeaders?.fields, [['X-One', 'a b']])
    assert.deepEqual([...(policy.responseHeaders?.remove ?? [])], ['server', 'x-powered-by'])
  }
  const flags = [
    ['3000', '--host-header', 'app.internal:80', '--max-body', '10MB', '--origin-timeout', '30'],
    ['--trusted-proxies', '10.0.0.0/8', '--http-deny-from', '192.0.2.0/24'],
    ['--http-allow-from', '2001:db8::/32', '--request-header-add', 'X-One: a b'],
    ['--response-header-remove', 'Server', '--response-header-remove', 'X-Powered-By'],
  ]
  const { routes } = await load(flags.flat())
  expected(routes[0]?.http ?? assert.fail())
  const variables = {
    SALLYPORT_HOST_HEADER: 'app.internal:80',
    SALLYPORT_MAX_BODY: '10MB',
    SALLYPORT_ORIGIN_TIMEOUT: '30',
    SALLYPORT_TRUSTED_PROXIES: '10.0.0.0/8',
    SALLYPORT_HTTP_DENY_FROM: '192.0.2.0/24',
    SALLYPORT_HTTP_ALLOW_FROM: '2001:db8::/32',
    SALLYPORT_REQUEST_HEADER_ADD: 'X-One: a b\n',
    SALLYPORT_RESPONSE_HEADER_REMOVE: 'Server X-Powered-By',
  }
  expected(await httpOf('3000', { variables }))
  const yaml = `host_header: app.internal:80
max_body: 10MB
origin_timeout: 30
trusted_proxies: 10.0.0.0/8
http_deny_from: [192.0.2.0/24]
http_allow_from: 2001:db8::/32
request_header_add: 'X-One: a b'
response_header_remove: [Server, X-Powered-By]
`
  expected(await httpOf('3000 --config a.yaml', file(yaml)))
  const indented = yaml.replaceAll(/^/gm, '    ').trimEnd()
  const endpoint = `max_body: 1\nendpoints:\n  web:\n    target: 3000\n${indented}\n`
  expected(await httpOf('web --config a.yaml', file(endpoint)))
})

test('http settings: an endpoint says its own, and where its paths go', async () => {
  const yaml = `
max_body: 1KiB
endpoints:
  web:
    target: 3000
    paths:
      /api: 4000
      /api/v2: unix:/run/v2.sock
  shop:
    target: https://shop.test
    url: https://shop.example.com
    max_body: 5
    host_header: rewrite
`
  const { routes } = await load(['--all', '--config', 'a.yaml'], file(yaml))
  const [web, shop] = routes.map(({ http }) => http)
  assert.equal(web?.policy.maxBodyBytes, 1_024)
  assert.deepEqual(
    web?.paths.map(({ prefix, origin }) => `${prefix} ${formatTarget(origin)}`),
    ['/api localhost:4000', '/api/v2 unix:/run/v2.sock'],
  )
  assert.equal(shop?.policy.maxBodyBytes, 5)
  assert.equal(shop?.policy.hostHeader, 'shop.test')
})

test('http settings: a password file is read from beside the configuration file', async () => {
  const line = await formatPasswordLine('ann', 'open sesame')
  const files = { 'a.yaml': 'basic_auth_file: users\n', users: `# ours\n${line}\n` }
  const { policy } = await httpOf('3000 --config a.yaml', { files })
  const login = (password: string): string => `Basic ${btoa(`ann:${password}`)}`
  assert.equal(await policy.basicAuth?.check(login('open sesame')), true)
  assert.equal(await policy.basicAuth?.check(login('shut')), false)
})

test('http settings: what is written tells one policy from another', async () => {
  const written = async (args: string): Promise<string | undefined> => (await httpOf(args)).written
  const all = await Promise.all(
    ['3000', '3000 --http-deny-from 10.0.0.1', '3000 --http-deny-from 10.0.0.2'].map(written),
  )
  assert.equal(new Set(all).size, 3)
})

const wrong: readonly (readonly [args: string, message: RegExp, exit: number])[] = [
  ['3000 --host-header a/b', /^host header \(--host-header\): "a\/b" .*or rewrite/, 2],
  ['3000 --trusted-proxies 10.0.0.0/33', /^network \(--trusted-proxies\)/, 2],
  ['3000 --max-body 10XB', /^size \(--max-body\): "10XB" is not valid/, 2],
  ['3000 --origin-timeout 0', /^origin timeout \(--origin-timeout\): "0"/, 2],
  ['3000 --request-header-add X', /^header to add \(--request-header-add\): "X"/, 2],
  ['3000 --request-header-remove Content-Length', /^header to remove \(--request-header-r/, 2],
  ['3000 --basic-auth-file none', /^password file \(--basic-auth-file\): .*needs a readable/, 2],
  ['3000 --url tls://a.test --max-body 1', /^setting \(--max-body\): .*needs an https route/, 2],
  ['-R 2222:localhost:22 --host-header a', /^setting \(--host-header\)/, 2],
]
for (const [args, message, exit] of wrong) {
  test(`http settings: agent connect ${args} is refused`, async () => {
    await assert.rejects(load(args.split(' ')), { message, exit })
  })
}

for (const [line, message] of [
  ['max_body: 10XB', /^size \(endpoints\.a\.max_body in .*a\.yaml:4:5\)/],
  ['paths: { api: 4000 }', /"api".*needs \/NAME/],
  ['paths: { /api/: 4000 }', /needs \/NAME/],
  ['paths: { /api: 99999 }', /target \(endpoints\.a\.paths\./],
  ['url: tcp://:0\n    max_body: 1', /needs an https route/],
] as const) {
  test(`http settings: ${JSON.stringify(line)} in the file is refused`, async () => {
    const yaml = `endpoints:\n  a:\n    target: 1\n    ${line}\n`
    await assert.rejects(load(['a', '--config', 'a.yaml'], file(yaml)), { message, exit: 3 })
  })
}
