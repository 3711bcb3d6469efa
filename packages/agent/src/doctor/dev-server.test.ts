// Answers as the servers give them; those of Vite 8.3.8, webpack-dev-server 5.2.7 and Django 5.2 were
// recorded, the others written after their sources (dev-server.ts names them).
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type SeenAnswer, adviseOn, isTelling } from './dev-server.ts'

const address = { host: 'app.example.com', origin: 'https://app.example.com', port: 443 }

const vite = (option: string): string =>
  'Blocked request. This host ("app.example.com") is not allowed.\n' +
  `To allow this host, add "app.example.com" to \`${option}\` in vite.config.js.`

const angular = `<!doctype html>
<html>
  <head><title>Blocked request</title></head>
  <body><main>
      <h1>Blocked request. This host ("app.example.com") is not allowed.</h1>
      <p>To allow this host, add it to <code>allowedHosts</code> under the <code>serve</code> target in <code>angular.json</code>.</p>
  </main></body></html>`

const django = `<!DOCTYPE html>
<html lang="en">
<head>
  <meta http-equiv="content-type" content="text/html; charset=utf-8">
  <title>DisallowedHost
          at /</title>`

const djangoForms = `<p>Reason given for failure:</p>
    <pre>
    Origin checking failed - https://app.example.com does not match any trusted origins.
    </pre>`

const rails = (word: string): string => `<!DOCTYPE html>
<html lang="en"><head><title>Action Controller: Exception caught</title><style>${'x'.repeat(8_000)}</style></head>
<body><header role="banner">
  <h1>${word}: app.example.com</h1>
</header>`

const hugo =
  '<!DOCTYPE html><html lang="en"><head><script src="/livereload.js?mindelay=10&amp;v=2&amp;port=1313&amp;path=livereload" data-no-instant defer></script>'

const cases: readonly (readonly [
  answer: Partial<SeenAnswer>,
  server: string,
  file: RegExp,
  line: string,
])[] = [
  [
    { status: 403, body: vite('server.allowedHosts') },
    'Vite',
    /^vite\.config\.js/,
    `server: { allowedHosts: ['app.example.com'] }`,
  ],
  [
    { status: 403, body: vite('preview.allowedHosts') },
    'Vite',
    /^vite\.config\.js$/,
    `preview: { allowedHosts: ['app.example.com'] }`,
  ],
  [
    { status: 403, body: vite('server.allowedHosts'), path: '/_nuxt/@vite/client' },
    'Nuxt',
    /^nuxt\.config\.ts$/,
    `vite: { server: { allowedHosts: ['app.example.com'] } }`,
  ],
  [
    { status: 403, body: angular },
    'Angular',
    /^angular\.json/,
    `"allowedHosts": ["app.example.com"]`,
  ],
  [
    { status: 403, body: 'Invalid Host header' },
    'webpack-dev-server',
    /^webpack\.config\.js/,
    `devServer: { allowedHosts: ['app.example.com'] }`,
  ],
  [
    { status: 403, body: 'Unauthorized', path: '/_next/webpack-hmr?page=%2F' },
    'Next.js',
    /^next\.config\.js$/,
    `allowedDevOrigins: ['app.example.com']`,
  ],
  [
    { status: 400, body: django },
    'Django',
    /^settings\.py$/,
    `ALLOWED_HOSTS = ['app.example.com', '.localhost', '127.0.0.1', '[::1]']`,
  ],
  [
    { status: 403, body: djangoForms },
    'Django',
    /^settings\.py$/,
    `CSRF_TRUSTED_ORIGINS = ['https://app.example.com']`,
  ],
  ...[rails('Blocked host'), rails('Blocked hosts'), 'Blocked hosts: app.example.com\n'].map(
    (body) =>
      [
        { status: 403, body },
        'Rails',
        /^config\/environments\/development\.rb$/,
        'config.hosts << "app.example.com"',
      ] as const,
  ),
  [
    { status: 200, body: hugo },
    'Hugo',
    /^the command$/,
    'hugo server --baseURL https://app.example.com/ --appendPort=false --liveReloadPort 443',
  ],
]

for (const [answer, server, file, line] of cases) {
  test(`dev server: ${server} is recognised: ${line}`, () => {
    const seen = { status: 0, path: '/', body: '', ...answer }
    const advice = adviseOn(seen, address)
    assert.ok(advice)
    assert.deepEqual([advice.server, advice.line], [server, line])
    assert.match(advice.file, file)
    const isOfHost = !['Next.js', 'Rails', 'Hugo'].includes(server) && !line.startsWith('CSRF')
    assert.equal(advice.flag, isOfHost ? '--host-header rewrite' : undefined)
    assert.ok(isTelling(seen.status))
    assert.equal(adviseOn({ ...seen, status: seen.status + 1 }, address), undefined)
  })
}

test('dev server: a public port stands in what needs it', () => {
  const at8443 = { ...address, origin: 'https://app.example.com:8443', port: 8443 }
  const advice = adviseOn({ status: 200, path: '/', body: hugo }, at8443)
  assert.match(advice?.line ?? '', /--baseURL https:\/\/app\.example\.com:8443\/ .*Port 8443$/)
})

test('dev server: what only resembles a refusal is left alone', () => {
  const others: readonly Partial<SeenAnswer>[] = [
    { status: 403, body: 'Forbidden' },
    { status: 403, body: 'Unauthorized', path: '/api' },
    { status: 403, body: 'Invalid Host header, says my own service' },
    { status: 403, body: 'my service: Blocked request. This host (x) is not allowed.' },
    { status: 403, body: '<p>Blocked hosts: none</p>' },
    { status: 400, body: '<title>Bad Request (400)</title>' },
    { status: 400, body: '<p>DisallowedHost</p>' },
    { status: 200, body: hugo.replace('1313', '443') },
    { status: 200, body: '<script src="/livereload.js"></script>' },
  ]
  for (const answer of others) {
    assert.equal(adviseOn({ status: 0, path: '/', body: '', ...answer }, address), undefined)
  }
})
