// OpenSSL as the second reader: the front door decides by our reading of a hello and then hands the
// same bytes to it, so that a hello which the two read differently could pass for another.
import assert from 'node:assert/strict'
import { generateKeyPairSync, sign } from 'node:crypto'
import { Duplex } from 'node:stream'
import { test } from 'node:test'
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls'

import fc from 'fast-check'

import type { ClientHello } from './client-hello.ts'
import { ClientHelloReader } from './client-hello-reader.ts'
import { capturedHellos } from './client-hello.test.hellos.ts'

/** A key and a certificate for nobody, without which OpenSSL does not come to the ALPN. */
function createThrowAwayContext(): SecureContext {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const ecdsaWithSha256 = der(0x30, Buffer.from('06082a8648ce3d040302', 'hex'))
  const noName = der(0x30)
  const time = (text: string): Buffer => der(0x17, Buffer.from(text))
  const body = der(
    0x30,
    der(0x02, Buffer.from([1])),
    ecdsaWithSha256,
    noName,
    der(0x30, time('260101000000Z'), time('491231235959Z')),
    noName,
    publicKey.export({ format: 'der', type: 'spki' }),
  )
  const signature = der(0x03, Buffer.from([0]), sign('sha256', body, privateKey))
  const certificate = der(0x30, body, ecdsaWithSha256, signature).toString('base64')
  return createSecureContext({
    key: privateKey.export({ format: 'pem', type: 'pkcs8' }),
    cert: `-----BEGIN CERTIFICATE-----\n${certificate}\n-----END CERTIFICATE-----\n`,
  })
}

function der(tag: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  const length = body.length < 128 ? [body.length] : [0x82, body.length >>> 8, body.length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...length]), body])
}

const secureContext = createThrowAwayContext()

/** What OpenSSL tells node:tls of the hello, or undefined when it refuses or waits. */
function readByOpenssl(bytes: Buffer): Promise<ClientHello | undefined> {
  return new Promise((resolve) => {
    const giveUp = (): void => resolve(undefined)
    const wire = new Duplex({
      read() {},
      write(_chunk, _encoding, done) {
        giveUp() // an answer before the ALPN was asked for
        done()
      },
    })
    const socket = new TLSSocket(wire, {
      isServer: true,
      secureContext,
      ALPNCallback: ({ servername, protocols }) => {
        const sni = (servername as string | false) || undefined
        resolve({ ...(sni === undefined ? {} : { sni: sni.toLowerCase() }), alpn: protocols })
        return undefined
      },
    })
    for (const event of ['error', '_tlsError', 'close']) socket.on(event, giveUp)
    wire.push(bytes)
    // It reads in the same turn as it is given the bytes: after some turns it waits for more.
    let turns = 5
    const countDown = (): void => void (turns-- > 0 ? setImmediate(countDown) : giveUp())
    countDown()
  })
}

function readByUs(bytes: Buffer): ClientHello | undefined {
  try {
    return new ClientHelloReader().push(bytes)
  } catch {
    return undefined
  }
}

test('OpenSSL reads no other SNI and no other ALPN out of damaged hellos than we do', async () => {
  const bases = [capturedHellos.opensslSniAlpn, capturedHellos.goPostQuantum]
  const place = fc.oneof(
    fc.record({ near: fc.constant('example'), offset: fc.integer({ min: -25, max: 15 }) }),
    fc.record({ near: fc.constant('Example'), offset: fc.integer({ min: -25, max: 15 }) }),
    fc.record({ near: fc.constant('http/1.1'), offset: fc.integer({ min: -15, max: 10 }) }),
    fc.record({ near: fc.constant(''), offset: fc.nat({ max: 1_500 }) }),
  )
  const changes = fc.array(fc.tuple(place, fc.nat({ max: 255 })), { minLength: 1, maxLength: 3 })
  let both = 0
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...bases), changes, async (base, list) => {
      const bytes = Buffer.from(base)
      for (const [{ near, offset }, byte] of list) {
        const at = base.indexOf(near) + offset
        if (at >= 0 && at < bytes.length) bytes[at] = byte
      }
      const ours = readByUs(bytes)
      const theirs = await readByOpenssl(bytes)
      // Either may refuse more than the other: nobody is taken for somebody else by that.
      if (ours === undefined || theirs === undefined) return
      both++
      // node:tls shows the protocols in ASCII, without their eighth bits.
      assert.deepEqual({ ...ours, alpn: ours.alpn.map(sevenBits) }, theirs)
    }),
    { numRuns: 500 },
  )
  assert.ok(both > 100, `${both} hellos were read by both`)
})

function sevenBits(text: string): string {
  return Buffer.from(text, 'latin1').toString('ascii')
}
