import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { type SocketEnd, adoptAccepted, systemClock } from '@sallyport/mux'
import { deadline } from '../../../test/support/deadline.ts'
import { CertificateStore } from './certificates/certificate-store.ts'
import { identityPair } from './certificates/own-certificate.ts'
import { startFrontDoor } from './front-door.ts'
import { standardGateLimits } from './gate-limits.ts'
import { Gate } from './gate.ts'
import { generateIdentity } from './relay-identity.ts'

test('front door: passthrough visitors count, on further ports too, until their sockets close', async () => {
  const gate = new Gate(systemClock, { ...standardGateLimits(), visitors: 1 })
  const adopted = Promise.withResolvers<SocketEnd>()
  const identity = generateIdentity('relay.test', new Date())
  const fallback = identityPair(identity)
  const door = await startFrontDoor({
    clock: systemClock,
    identity,
    certificates: new CertificateStore({ host: 'relay.test', now: Date.now, fallback }),
    listen: { host: '127.0.0.1', port: 0 },
    admissionTimeoutMs: 10_000,
    gate,
    challengeContext: () => undefined,
    kindOf: () => 'passthrough',
    onAgent: (socket) => socket.destroy(),
    onVisitor: (socket) => socket.destroy(),
    onPassthrough: (socket, _asked, _admission, hello) =>
      adopted.resolve(adoptAccepted(socket, hello)),
  })
  await using _door = { [Symbol.asyncDispose]: () => door.destroy() }
  // The same port of another address: leased ports are asked for by number.
  const further = await door.openPort('127.0.0.2', door.port)
  await using _further = { [Symbol.asyncDispose]: () => further.close() }
  const visit = (host: string) => {
    const visitor = connectTls({ port: door.port, host, servername: 'a.test' })
    visitor.on('error', () => {})
    return visitor
  }
  const first = visit('127.0.0.2')
  const end = await deadline(adopted.promise, 5_000, 'the first visitor')
  assert.deepEqual([gate.visitors, gate.undecided], [1, 0])

  const second = visit('127.0.0.1')
  await deadline(
    new Promise((resolve) => second.once('close', resolve)),
    5_000,
    'the end of the second',
  )
  assert.deepEqual([gate.visitors, gate.refused.visitors], [1, 1])

  const closed = once(end.socket, 'close')
  first.destroy()
  end.abort()
  await deadline(closed, 5_000, 'the end of the first')
  assert.equal(gate.visitors, 0)
})
