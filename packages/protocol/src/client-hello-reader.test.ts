import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Duplex } from 'node:stream'
import { test } from 'node:test'
import { connect, type ConnectionOptions } from 'node:tls'

import fc from 'fast-check'

import { type ClientHello } from './client-hello.ts'
import { ClientHelloReader } from './client-hello-reader.ts'
import { capturedHellos } from './client-hello.test.hellos.ts'
import { SallyportError } from './errors.ts'
import { maxClientHelloBytes, maxClientHelloRecordBytes, maxRecordBytes } from './limits.ts'
import { cutSizes, everySplit, reCut } from './re-cut.test.support.ts'
import { refusal } from './refusal.test.support.ts'

/** What node:tls sends first when it connects with these options. */
async function helloOfNode(options: ConnectionOptions): Promise<Buffer> {
  const written = Promise.withResolvers<Buffer>()
  const wire = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      written.resolve(chunk)
      done()
    },
  })
  const socket = connect({ socket: wire, ...options })
  socket.on('error', () => {})
  const hello = await written.promise
  socket.destroy()
  await once(socket, 'close')
  return hello
}

const nodeHellos: [options: ConnectionOptions, expected: ClientHello][] = [
  [{}, { alpn: [] }],
  [{ servername: 'App.Example.com' }, { sni: 'app.example.com', alpn: [] }],
  [{ ALPNProtocols: ['sallyport/1'] }, { alpn: ['sallyport/1'] }],
  [
    { servername: 'a.example', ALPNProtocols: ['h2', 'http/1.1'] },
    { sni: 'a.example', alpn: ['h2', 'http/1.1'] },
  ],
  [
    { servername: 'pq.example', ALPNProtocols: ['acme-tls/1'], ecdhCurve: 'X25519MLKEM768:X25519' },
    { sni: 'pq.example', alpn: ['acme-tls/1'] },
  ],
  [
    { servername: 'old.example', ecdhCurve: 'P-256', maxVersion: 'TLSv1.2' },
    { sni: 'old.example', alpn: [] },
  ],
]

/** Every real hello of this file, each one record. */
const hellos: [Buffer, ClientHello][] = [
  [capturedHellos.opensslSniAlpn, { sni: 'app.example.com', alpn: ['h2', 'http/1.1'] }],
  [capturedHellos.opensslBare, { alpn: [] }],
  [capturedHellos.opensslTls12, { sni: 'old.example.com', alpn: [] }],
  [capturedHellos.goPostQuantum, { sni: 'go.example.com', alpn: ['h2', 'http/1.1'] }],
]
for (const [options, expected] of nodeHellos) hellos.push([await helloOfNode(options), expected])

/** The same handshake message in records of the given sizes. */
function reRecord(hello: Buffer, sizes: readonly number[]): Buffer {
  const records = reCut(hello.subarray(5), sizes).map((fragment) => {
    const header = Buffer.from([22, 3, 1, fragment.length >>> 8, fragment.length & 0xff])
    return Buffer.concat([header, fragment])
  })
  return Buffer.concat(records)
}

/** The hello with an unknown extension of random bytes put at its end, `bytes` larger. */
function enlarge(hello: Buffer, bytes: number): Buffer {
  const extension = Buffer.concat([Buffer.from([0xfa, 0xce, 0, 0]), randomBytes(bytes - 4)])
  extension.writeUInt16BE(bytes - 4, 2)
  const large = Buffer.concat([hello, extension])
  const suitesAt = 9 + 34 + 1 + large.readUInt8(9 + 34)
  const extensionsAt = suitesAt + 2 + large.readUInt16BE(suitesAt) + 2
  large.writeUInt16BE(large.readUInt16BE(extensionsAt) + bytes, extensionsAt)
  large.writeUIntBE(large.readUIntBE(6, 3) + bytes, 6, 3)
  large.writeUInt16BE(large.length - 5, 3)
  return large
}

/** Pushes the pieces; each but the last must ask for more. */
function read(pieces: readonly Buffer[]): { hello: ClientHello | undefined; bytes: Buffer } {
  const reader = new ClientHelloReader()
  let hello: ClientHello | undefined
  for (const piece of pieces) {
    assert.equal(hello, undefined, 'gave a hello before its last byte')
    hello = reader.push(piece)
  }
  return { hello, bytes: reader.bytes }
}

test('node:tls sends hellos with post-quantum keys that are larger than a segment', () => {
  assert.ok(hellos.some(([bytes]) => bytes.length > 1_460 && bytes !== hellos[3]?.[0]))
})

test('a hello is read with any two cuts of its bytes, which are all kept', () => {
  for (const [bytes, expected] of hellos) {
    for (const split of everySplit(bytes)) {
      const pieces = split.filter((piece) => piece.length > 0)
      const result = read(pieces)
      assert.deepEqual(result.hello, expected)
      assert.ok(result.bytes.equals(bytes))
    }
  }
})

test('a hello is read one byte at a time, and in random cuts', () => {
  for (const [bytes, expected] of hellos) {
    assert.deepEqual(read(reCut(bytes, [1])).hello, expected)
    fc.assert(
      fc.property(cutSizes(600), (sizes) => {
        assert.deepEqual(read(reCut(bytes, sizes)).hello, expected)
      }),
      { numRuns: 50 },
    )
  }
})

test('a hello is read from records of 1 to 64 bytes, at once and one byte at a time', () => {
  for (const [hello, expected] of hellos) {
    for (let size = 1; size <= 64; size++) {
      const bytes = reRecord(hello, [size])
      const atOnce = read([bytes])
      assert.deepEqual(atOnce.hello, expected)
      assert.ok(atOnce.bytes.equals(bytes))
      if (size % 7 === 1) assert.deepEqual(read(reCut(bytes, [1])).hello, expected)
    }
  }
})

test('2,000 hellos of up to 16 KiB are read from random records in random segments', () => {
  const base = hellos.map(([bytes]) => bytes)
  const most = maxClientHelloBytes + 9
  const records = fc.array(fc.integer({ min: 6, max: 4_000 }), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(
      fc.nat({ max: hellos.length - 1 }),
      fc.nat({ max: most }),
      records,
      cutSizes(4_000),
      (which, size, recordSizes, sizes) => {
        const small = base[which] ?? Buffer.alloc(0)
        const extra = size - small.length
        const large = extra < 4 ? small : enlarge(small, extra)
        const bytes = reRecord(large, recordSizes)
        const pieces = reCut(bytes, sizes)
        const result = read(pieces)
        assert.deepEqual(result.hello, hellos[which]?.[1])
        assert.ok(result.bytes.equals(bytes))
      },
    ),
    { numRuns: 2_000 },
  )
})

test('bytes behind the hello are kept and not looked at', () => {
  const [hello, expected] = hellos[0] ?? assert.fail()
  const early = Buffer.concat([hello, Buffer.from('1703030005'), randomBytes(70_000)])
  const result = read([early])
  assert.deepEqual(result.hello, expected)
  assert.ok(result.bytes.equals(early))
})

test('a chunk may be overwritten after it was pushed', () => {
  const [hello, expected] = hellos[3] ?? assert.fail()
  const reader = new ClientHelloReader()
  const shared = Buffer.alloc(100)
  let result: ClientHello | undefined
  for (const piece of reCut(hello, [100])) {
    piece.copy(shared)
    result = reader.push(shared.subarray(0, piece.length))
    shared.fill(0)
  }
  assert.deepEqual(result, expected)
  assert.ok(reader.bytes.equals(hello))
})

test('what is not a ClientHello is refused at its first wrong byte', () => {
  const cases: [string, RegExp][] = [
    [
      Buffer.from('GET / HTTP/1.1\r\n').toString('hex'),
      /record type .*"71" is not valid; needs 22/,
    ],
    [Buffer.from('SSH-2.0-x\r\n').toString('hex'), /record type/],
    [Buffer.from('PROXY TCP4').toString('hex'), /record type/],
    ['00', /record type/],
    ['15 0303 0002 0228', /record type .*"21"/], // an alert
    ['17 0303 0005', /record type .*"23"/], // application data
    ['80 2e 01 0301', /record type .*"128"/], // a hello of SSL 2
    ['16 02', /record version .*"2" is not valid; needs 3/],
    ['16 04', /record version/],
    ['16 0301 0000', /record length .*"0" is not valid; needs 1 to 16384/],
    ['16 0301 4001', /record length .*"16385"/],
    ['16 0301 ffff', /record length .*"65535"/],
    ['16 0301 0200 02', /handshake type .*"2" is not valid; needs 1/], // a ServerHello
    ['16 0301 0200 01 004001', /handshake length .*"16385" is not valid; needs at most 16384/],
    ['16 0301 0200 01 ffffff', /handshake length .*"16777215"/],
    ['16 0301 0001 01 160301 0001 ff 160301 0001 ff 160301 0001 ff', /handshake length/],
    ['16 0301 0004 01 000000', /legacy version .*to end within/],
    ['16 0301 0001 01 15', /record type/],
  ]
  for (const [text, names] of cases) {
    const bytes = Buffer.from(text.replaceAll(' ', ''), 'hex')
    assert.match(
      refusal('SP_PROTOCOL', () => new ClientHelloReader().push(bytes)),
      names,
    )
    const reader = new ClientHelloReader()
    let at = 0
    const byteByByte = (): void => {
      for (; at < bytes.length; at++) reader.push(bytes.subarray(at, at + 1))
    }
    assert.match(refusal('SP_PROTOCOL', byteByByte), names)
    // Text differs from TLS in its first byte; the others were cut at their first wrong one.
    assert.equal(at, bytes[0] === 22 ? bytes.length - 1 : 0)
  }
})

test('records beyond their bound are refused, however they arrive', () => {
  const [small, expected] = hellos[0] ?? assert.fail()
  // 5,460 records of one byte and a last one: 5 x 5,461 bytes of headers and the message.
  const sizes = [...Array.from({ length: 5_460 }, () => 1), maxRecordBytes]
  const inRecords = (messageBytes: number): Buffer =>
    reRecord(enlarge(small, 5 + messageBytes - small.length), sizes)
  const fits = inRecords(5_463)
  assert.equal(fits.length, maxClientHelloRecordBytes)
  for (const cut of [[fits.length], [1], [1_460]]) {
    assert.deepEqual(read(reCut(fits, cut)).hello, expected)
  }
  for (const tooLong of [inRecords(5_464), inRecords(9_000)]) {
    assert.ok(tooLong.length > maxClientHelloRecordBytes)
    for (const cut of [[tooLong.length], [1], [1_460]]) {
      const reader = new ClientHelloReader()
      const push = (): void => reCut(tooLong, cut).forEach((piece) => void reader.push(piece))
      assert.match(refusal('SP_PROTOCOL', push), /records .*to end within 32768 bytes/)
    }
  }
})

test('10,000 damaged hellos never give anything but SP_PROTOCOL, whatever the cut', () => {
  const damage = fc.array(
    fc.record({
      kind: fc.constantFrom('set', 'flip', 'insert', 'delete', 'cut'),
      at: fc.nat({ max: 9_999 }),
      byte: fc.constantFrom(0, 1, 2, 3, 16, 22, 127, 255, 64, 32),
    }),
    { minLength: 1, maxLength: 4 },
  )
  const which = fc.nat({ max: hellos.length - 1 })
  let taken = 0
  let refused = 0
  fc.assert(
    fc.property(which, damage, cutSizes(400), fc.boolean(), (index, changes, sizes, records) => {
      const [original] = hellos[index] ?? assert.fail()
      let bytes = records ? reRecord(original, sizes) : original
      for (const { kind, at, byte } of changes) {
        const place = at % (bytes.length + 1)
        const tail = kind === 'insert' ? place : place + 1
        const middle = kind === 'flip' ? (bytes[place] ?? 0) ^ byte : byte
        const isShorter = kind === 'delete' || kind === 'cut'
        bytes = Buffer.concat([
          bytes.subarray(0, place),
          Buffer.from(isShorter ? [] : [middle]),
          kind === 'cut' ? Buffer.alloc(0) : bytes.subarray(tail),
        ])
      }
      const verdicts = [[bytes], reCut(bytes, sizes)].map((pieces) => {
        const reader = new ClientHelloReader()
        try {
          for (const piece of pieces) {
            const hello = reader.push(piece)
            if (hello) return hello
          }
          return 'more'
        } catch (error) {
          assert.ok(error instanceof SallyportError && error.code === 'SP_PROTOCOL', String(error))
          return error.message
        }
      })
      assert.deepEqual(verdicts[1], verdicts[0])
      if (typeof verdicts[0] === 'object') taken++
      else if (verdicts[0] !== 'more') refused++
    }),
    { numRuns: 10_000 },
  )
  assert.ok(taken > 500 && refused > 500, `both happen: ${taken} taken, ${refused} refused`)
})
