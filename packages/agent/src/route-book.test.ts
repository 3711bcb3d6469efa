import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRouteUrl } from '@sallyport/protocol'
import { RouteBook } from './route-book.ts'

const origin = { kind: 'tcp', host: 'localhost', port: 3000 } as const

function book(...urls: string[]): RouteBook {
  return new RouteBook(urls.map((url) => ({ url: parseRouteUrl(url, 'url'), origin })))
}

test('route book: numbers the routes and asks for them as they were written', () => {
  const routes = book('https:', 'tls://a.test', 'tcp://localhost:0')
  assert.deepEqual(routes.requests(), [
    { id: 'r0', url: 'https:' },
    { id: 'r1', url: 'tls://a.test' },
    { id: 'r2', url: 'tcp://localhost:0' },
  ])
  assert.deepEqual([routes.granted, routes.held], [[], {}])
  assert.equal(routes.served.get('r2')?.origin, origin)
})

test('route book: knows what was granted, and asks again for the port that it got', () => {
  const routes = book('https:', 'tcp://localhost:0', 'tcp://:22')
  routes.grant([
    { id: 'r0', url: 'https://a.test', generation: 7 },
    { id: 'r1', url: 'tcp://[::1]:2001', generation: 8 },
    { id: 'r2', url: 'tcp://relay.test:22', generation: 9 },
  ])
  assert.deepEqual(
    routes.granted.map(({ id, url, target }) => `${id} ${url} ${target}`),
    [
      'r0 https://a.test localhost:3000',
      'r1 tcp://[::1]:2001 localhost:3000',
      'r2 tcp://relay.test:22 localhost:3000',
    ],
  )
  assert.deepEqual(
    routes.requests().map(({ url }) => url),
    ['https:', 'tcp://localhost:2001', 'tcp://:22'],
  )
  assert.deepEqual(routes.held, {
    'https://a.test': 7,
    'tcp://[::1]:2001': 8,
    'tcp://relay.test:22': 9,
  })
})

test('route book: a route that moved to another url no longer holds the old one', () => {
  const routes = book('https:')
  routes.grant([{ id: 'r0', url: 'https://a.test', generation: 1 }])
  routes.grant([{ id: 'r0', url: 'https://b.test', generation: 2 }])
  assert.deepEqual(routes.held, { 'https://b.test': 2 })
})

test('route book: another pool of the same url is asked for, and holds once it is granted', () => {
  const routes = book('tls://a.test')
  const granted = [{ id: 'r0', url: 'tls://a.test', generation: 1 }]
  assert.equal(routes.grant(granted), false)
  const url = parseRouteUrl('tls://a.test', 'url')
  const check = { kind: 'tcp' } as const
  assert.equal(routes.change([{ url, origin, pool: 'blue', check }]), true)
  assert.deepEqual(routes.requests(), [{ id: 'r0', url: 'tls://a.test', pool: 'blue' }])
  assert.deepEqual(routes.checked, [])
  assert.equal(routes.grant(granted), true)
  assert.deepEqual(routes.checked, [{ id: 'r0', origin, check }])
  assert.equal(routes.grant(granted), false)
})
