// What goes wrong between us and an authority, and time that runs fast: pebble, and where it behaves too
// well a proxy before it. Each ends in a certificate or in a clear message.
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { type Server, createServer as createHttpServer } from 'node:http'
import { createServer as createTlsServer, connect as connectTls } from 'node:tls'
import test from 'node:test'
import {
  type Challenge,
  CertificateKeeper,
  type ChallengeType,
  type KeptCertificate,
  openAuthority,
} from '@sallyport/acme'
import type { SallyportError } from '@sallyport/protocol'
import { createAuthority } from '../support/authority.ts'
import { deadline } from '../support/deadline.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { ownAddress, pebblePorts, startPebble } from '../support/pebble.ts'
import { requires } from '../support/requires.ts'

const dayMs = 86_400_000

/** Answers HTTP-01 on the port where pebble asks, unless it is told to be silent. */
class HttpAnswers implements AsyncDisposable {
  types: readonly ChallengeType[] = ['http-01']
  isSilent = false
  readonly #texts = new Map<string, string>()
  readonly #server: Server

  constructor() {
    this.#server = createHttpServer(({ url = '' }, response) => {
      const text = this.isSilent ? undefined : this.#texts.get(url.split('/').at(-1) ?? '')
      response.writeHead(text === undefined ? 404 : 200).end(text)
    })
  }

  async listen(address: string): Promise<void> {
    await once(this.#server.listen(pebblePorts.http, address), 'listening')
  }

  present({ token, keyAuthorization }: Challenge): void {
    this.#texts.set(token, keyAuthorization)
  }

  withdraw({ token }: Challenge): void {
    this.#texts.delete(token)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

/** A keeper whose time the test moves, and what came of it. */
class Kept implements Disposable {
  readonly clock = new FakeClock(Date.now())
  readonly certificates: KeptCertificate[] = []
  readonly failures: { readonly error: SallyportError; readonly retryMs: number }[] = []
  readonly files = new Map<string, string>()
  readonly responder: HttpAnswers
  #keeper: CertificateKeeper | undefined
  readonly #told = new Set<() => void>()

  constructor(responder: HttpAnswers) {
    this.responder = responder
  }

  get keeper(): CertificateKeeper {
    if (!this.#keeper) throw new Error('not started')
    return this.#keeper
  }

  async start(directoryUrl: string, ca: string): Promise<void> {
    const vault = {
      read: async (name: string) => this.files.get(name),
      write: async (name: string, text: string) => void this.files.set(name, text),
    }
    const now = () => this.clock.now()
    const authority = await openAuthority({ directoryUrl, ca, vault, now, userAgent: 'test' })
    this.#keeper = new CertificateKeeper({
      authority,
      names: ['a.example.com'],
      // Of an order that names none pebble picks any, and 90 days are counted on here.
      profile: 'default',
      responder: this.responder,
      vault,
      file: 'a.pem',
      clock: this.clock,
      random: () => 0.5,
      isWanted: () => true,
      inTurn: (work) => work(),
      onCertificate: (certificate) => this.#tell(() => this.certificates.push(certificate)),
      onNotKept: (error) => assert.fail(String(error)),
      onFailure: (error, retryMs) => this.#tell(() => this.failures.push({ error, retryMs })),
    })
    await this.#keeper.start()
  }

  #tell(keep: () => void): void {
    keep()
    for (const look of this.#told) look()
  }

  /** Waits until there are so many certificates and failures. */
  async reach(certificates: number, failures: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const look = () =>
      this.certificates.length >= certificates && this.failures.length >= failures && resolve()
    this.#told.add(look)
    look()
    const why = () => this.failures.map(({ error }) => error.message).join('; ')
    await deadline(promise, 60_000, `${certificates} certificates, ${failures} failures`).catch(
      (error: unknown) => assert.fail(`${String(error)}; failures: ${why()}`),
    )
    assert.deepEqual(
      [this.certificates.length, this.failures.length],
      [certificates, failures],
      why(),
    )
    // What follows the last news is done when a timer is set.
    const untilMs = performance.now() + 20_000
    while (this.clock.pendingTimers === 0) {
      assert.ok(performance.now() < untilMs, 'the keeper sets no timer')
      await new Promise((done) => setImmediate(done))
    }
  }

  /** Lets time pass, hour by hour, with the keeper's questions to the authority answered between. */
  async pass(days: number, isEnough: () => boolean): Promise<void> {
    for (let hour = 0; hour < days * 24 && !isEnough(); hour += 1) {
      this.clock.advance(dayMs / 24)
      const untilMs = performance.now() + 60_000
      while (this.clock.pendingTimers === 0 && !isEnough()) {
        assert.ok(performance.now() < untilMs, 'the keeper sets no timer')
        await new Promise((done) => setTimeout(done, 1))
      }
    }
  }

  [Symbol.dispose](): void {
    this.#keeper?.[Symbol.dispose]()
  }
}

async function startRig(options: { badNonces?: number; pendingSeconds?: number } = {}) {
  const address = ownAddress()
  const pebble = await startPebble({ address, ...options })
  const answers = new HttpAnswers()
  await answers.listen(address)
  return {
    address,
    pebble,
    answers,
    async [Symbol.asyncDispose]() {
      await answers[Symbol.asyncDispose]()
      await pebble[Symbol.asyncDispose]()
    },
  }
}

test(
  'acme: renewed before its end, at the time that the authority suggests',
  requires('pebble'),
  async () => {
    await using rig = await startRig()
    using kept = new Kept(rig.answers)
    await kept.start(rig.pebble.directoryUrl, rig.pebble.ca)
    await kept.reach(1, 0)
    const [first] = kept.certificates
    assert.ok(first)
    const startMs = kept.clock.now()
    await kept.pass(90, () => kept.certificates.length === 2)
    const passedDays = (kept.clock.now() - startMs) / dayMs
    // pebble suggests two thirds of 90 days, give or take one; half life would be 45 to 54.
    assert.ok(passedDays > 58.5 && passedDays < 61.5, `renewed after ${passedDays} days`)
    assert.equal(kept.failures.length, 0)
    const [, second] = kept.certificates
    assert.notEqual(second?.key, first.key)
    assert.equal(kept.keeper.certificate, second)
    assert.equal(kept.files.get('a.pem'), `${second?.key}${second?.chain}`)
    new X509Certificate(second?.chain ?? '')
  },
)

test(
  'acme: half of the good nonces refused, and it ends in a certificate',
  requires('pebble'),
  async () => {
    await using rig = await startRig({ badNonces: 50 })
    using kept = new Kept(rig.answers)
    await kept.start(rig.pebble.directoryUrl, rig.pebble.ca)
    await kept.reach(1, 0)
  },
)

test(
  'acme: an authority that takes its time ends in a certificate',
  requires('pebble'),
  async () => {
    await using rig = await startRig({ pendingSeconds: 3 })
    using kept = new Kept(rig.answers)
    await kept.start(rig.pebble.directoryUrl, rig.pebble.ca)
    await kept.reach(1, 0)
  },
)

test(
  'acme: a failed validation says why, and is tried again ever later',
  requires('pebble'),
  async () => {
    await using rig = await startRig()
    rig.answers.isSilent = true
    using kept = new Kept(rig.answers)
    await kept.start(rig.pebble.directoryUrl, rig.pebble.ca)
    await kept.reach(0, 1)
    const [first] = kept.failures
    assert.equal(first?.error.code, 'SP_ACME')
    assert.match(first.error.message, /^http-01 of a\.example\.com: the authority answered .*404/)
    kept.clock.advance(first.retryMs)
    await kept.reach(0, 2)
    assert.ok((kept.failures[1]?.retryMs ?? 0) > 1.5 * first.retryMs)
    rig.answers.isSilent = false
    kept.clock.advance(kept.failures[1]?.retryMs ?? 0)
    await kept.reach(1, 2)
  },
)

test(
  'acme: a limit of the authority is waited for as long as it says',
  requires('pebble'),
  async () => {
    await using rig = await startRig()
    await using proxy = await startLimitingProxy(rig.address, rig.pebble.ca)
    using kept = new Kept(rig.answers)
    await kept.start(proxy.directoryUrl, `${rig.pebble.ca}${proxy.ca}`)
    await kept.reach(0, 1)
    const [{ error, retryMs } = assert.fail('no failure')] = kept.failures
    assert.match(error.message, /^order for a\.example\.com: .*HTTP 429, rateLimited, "too many"/)
    assert.equal(retryMs, 3_600_000)
    kept.clock.advance(3_599_000)
    assert.equal(proxy.orders, 1)
    kept.clock.advance(1_000)
    await kept.reach(1, 1)
  },
)

test(
  'acme: the directory is down for days, and the certificate stays until the next one',
  requires('pebble'),
  async () => {
    await using rig = await startRig()
    await using proxy = await startLimitingProxy(rig.address, rig.pebble.ca)
    proxy.limit = 0
    using kept = new Kept(rig.answers)
    await kept.start(proxy.directoryUrl, `${rig.pebble.ca}${proxy.ca}`)
    await kept.reach(1, 0)
    const [first] = kept.certificates
    proxy.isDown = true
    await kept.pass(80, () => kept.failures.length === 8)
    assert.equal(kept.failures.length, 8)
    for (const { error, retryMs } of kept.failures) {
      assert.match(error.message, /the authority at .* cannot be reached: /)
      assert.ok(retryMs <= 1.1 * 6 * 3_600_000)
    }
    assert.equal(kept.keeper.certificate, first)
    assert.ok((first?.validToMs ?? 0) > kept.clock.now())
    proxy.isDown = false
    // Asked again, the authority suggests a later day than half of the life.
    await kept.pass(20, () => kept.certificates.length === 2)
    assert.equal(kept.certificates.length, 2)
  },
)

/** Stands before pebble: refuses the first orders, or everybody. */
async function startLimitingProxy(address: string, ca: string) {
  const { key, chain, root } = issueFor(address)
  const sockets = new Set<{ destroy(): void }>()
  const proxy = { limit: 1, orders: 0, isDown: false }
  const server = createTlsServer({ key, cert: chain }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    if (proxy.isDown) {
      socket.destroy()
      return
    }
    socket.once('data', (head: Buffer) => {
      if (head.toString('latin1').startsWith('POST /order-plz')) {
        proxy.orders += 1
        if (proxy.orders <= proxy.limit) {
          socket.end(tooMany)
          return
        }
      }
      const pebble = connectTls({ host: address, port: 14_000, ca, servername: 'pebble.test' })
      pebble.on('error', () => socket.destroy())
      pebble.write(head)
      socket.pipe(pebble)
      pebble.pipe(socket)
    })
  })
  await once(server.listen(14_001, address), 'listening')
  return Object.assign(proxy, {
    ca: root,
    directoryUrl: `https://${address}:14001/dir`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  })
}

function issueFor(address: string) {
  const authority = createAuthority()
  return { ...authority.issue({ names: [`IP:${address}`] }), root: authority.root }
}

const problem = JSON.stringify({
  type: 'urn:ietf:params:acme:error:rateLimited',
  detail: 'too many',
})
const tooMany = [
  'HTTP/1.1 429 Too Many Requests',
  'Content-Type: application/problem+json',
  `Content-Length: ${problem.length}`,
  'Retry-After: 3600',
  'Connection: close',
  '',
  problem,
].join('\r\n')
