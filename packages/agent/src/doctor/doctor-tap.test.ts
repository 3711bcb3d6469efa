import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ExchangeObserver, ExchangeTap, TappedRequest } from '../http/index.ts'
import { doctorBodyBytes } from '../limits.ts'
import { DoctorTap, type DoctorOptions, addressOfTarget, joinTaps } from './doctor-tap.ts'

const request: TappedRequest = {
  method: 'GET',
  target: '/',
  httpVersion: '1.1',
  visitorAddress: '192.0.2.1',
  targetLabel: 'localhost:5173',
  fields: () => assert.fail('the doctor needs no fields'),
}

type Told = Parameters<DoctorOptions['onAdvice']>[0]

function rig(): { readonly tap: DoctorTap; readonly told: Told[] } {
  const told: Told[] = []
  const tap = new DoctorTap({
    addressOf: () => ({ host: 'a.test', origin: 'https://a.test', port: 443 }),
    onAdvice: (advice) => told.push(advice),
  })
  return { tap, told }
}

/** One answer, its body cut into pieces of `step` bytes, each in a buffer of its own place. */
function answer(tap: ExchangeTap, status: number, body: string, step = 7, target?: string): void {
  const observer = tap.begin({ ...request, ...(target !== undefined && { targetLabel: target }) })
  assert.ok(observer)
  observer.onResponseHead?.({ status, reason: '', fields: request.fields })
  for (let at = 0; at < body.length; at += step) {
    const piece = body.slice(at, at + step)
    observer.onResponseBody?.(Buffer.from(`##${piece}##`), 2, 2 + piece.length)
  }
  observer.onEnd?.({ requestBytes: 0, responseBytes: 0, error: undefined })
}

const blocked = 'Blocked request. This host ("a.test") is not allowed.\nTo allow this host, …'

test('doctor: tells of a server once, however its answer is cut, and of each target', () => {
  const { tap, told } = rig()
  for (const step of [1, 10, 1_000]) answer(tap, 403, blocked, step)
  assert.equal(told.length, 1)
  assert.deepEqual([told[0]?.server, told[0]?.target], ['Vite', 'localhost:5173'])
  answer(tap, 403, blocked, 1_000, 'localhost:4000')
  assert.deepEqual(
    told.map(({ target }) => target),
    ['localhost:5173', 'localhost:4000'],
  )
})

test('doctor: reads a bounded beginning only', () => {
  const { tap, told } = rig()
  answer(tap, 403, `<style>${'x'.repeat(doctorBodyBytes)}</style><h1>Blocked hosts: a.test`, 1_000)
  assert.equal(told.length, 0)
  answer(tap, 403, `<style>${'x'.repeat(doctorBodyBytes - 100)}</style><h1>Blocked hosts: a`, 1_000)
  assert.equal(told[0]?.server, 'Rails')
})

test('doctor: a good answer that is no page is not read, and neither are other statuses', () => {
  const { tap, told } = rig()
  const hugo = '/livereload.js?mindelay=10&v=2&port=1313&'
  answer(tap, 200, `x${hugo}`, 1_000)
  answer(tap, 500, blocked)
  assert.equal(told.length, 0)
  answer(tap, 200, `<${hugo}`, 1_000)
  assert.equal(told[0]?.server, 'Hugo')
})

test('doctor: the address is that of the first https route of the target', () => {
  const routes = [
    { id: 'r0', url: 'tcp://a.test:2222', target: 'localhost:22' },
    { id: 'r1', url: 'https://b.test', target: 'localhost:3000' },
    { id: 'r2', url: 'https://c.test:8443', target: 'localhost:4000' },
  ]
  const hostOf = (target: string) => addressOfTarget(routes, target)
  assert.deepEqual(hostOf('localhost:4000'), {
    host: 'c.test',
    origin: 'https://c.test:8443',
    port: 8443,
  })
  assert.equal(hostOf('localhost:5000')?.host, 'b.test', 'a target for a path')
  assert.equal(addressOfTarget([], 'localhost:22'), undefined)
})

test('taps: two look on at the same, and one that throws does not blind the other', () => {
  const seen: string[] = []
  const good: ExchangeObserver = {
    onRequestBody: (bytes, start, end) => seen.push(bytes.toString('latin1', start, end)),
    onResponseHead: ({ status }) => seen.push(String(status)),
    onEnd: () => seen.push('end'),
  }
  const bad = (): never => {
    throw new Error('tap')
  }
  const taps: readonly ExchangeTap[] = [
    { begin: bad },
    { begin: () => ({ onRequestBody: bad, onResponseHead: bad, onEnd: bad }) },
    { begin: () => undefined },
    { begin: () => good },
  ]
  const observer = joinTaps(...taps).begin(request)
  observer?.onRequestBody?.(Buffer.from('-hi-'), 1, 3)
  observer?.onResponseHead?.({ status: 200, reason: '', fields: () => [] })
  observer?.onEnd?.({ requestBytes: 0, responseBytes: 0, error: undefined })
  assert.deepEqual(seen, ['hi', '200', 'end'])
  const [, , only] = taps
  assert.equal(joinTaps(undefined, only), only)
  assert.equal(joinTaps(undefined, undefined).begin(request), undefined)
})
