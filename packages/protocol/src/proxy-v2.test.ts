import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { SallyportError } from './errors.ts'
import { maxProxyHeaderBytes } from './limits.ts'
import { decodeProxyHeader, encodeProxyHeader, type ProxyHeader } from './proxy-v2.ts'
import { cutSizes, reCut } from './re-cut.test.support.ts'
import { refusal } from './refusal.test.support.ts'

const signature = '0d0a0d0a000d0a515549540a'
const route0 = 'e000027230' // TLV 0xe0, 2 bytes, "r0"

// Written by hand from proxy-protocol.txt §2.2.
const vectors: [hex: string, header: ProxyHeader][] = [
  [
    `${signature} 21 11 0011` + // version 2 PROXY; TCP over IPv4; 12 + 5 bytes
      'c0a80001 c0a8000b dc04 01bb' + // the addresses of §2.1's example
      route0,
    {
      visitor: { address: '192.168.0.1', port: 56_324 },
      listener: { address: '192.168.0.11', port: 443 },
      route: 'r0',
    },
  ],
  [
    `${signature} 21 21 0058` + // TCP over IPv6; 36 + 52 bytes
      '20010db8000000000000000000000009 20010db8000100000000000000000007 0001 ffff' +
      '01 0002 6832' + // ALPN h2
      '02 000f 6170702e6578616d706c652e636f6d' + // authority app.example.com
      '20 000f 01 00000001 21 0007 544c5376312e33' + // SSL: over TLS, not verified, TLSv1.3
      'e0 0008 726f7574652d3633', // route
    {
      visitor: { address: '2001:db8::9', port: 1 },
      listener: { address: '2001:db8:1::7', port: 65_535 },
      alpn: 'h2',
      sni: 'app.example.com',
      tls: { version: 'TLSv1.3' },
      route: 'route-63',
    },
  ],
]

// Sent by haproxy 2.6.12: `send-proxy-v2-ssl-cn proxy-v2-options ssl,cert-cn,ssl-cipher,cert-sig,
// cert-key,authority,crc32c,unique-id` for a TLS visitor, and plain `send-proxy-v2` over IPv6.
const fromHaproxy: [hex: string, header: Omit<ProxyHeader, 'route'>][] = [
  [
    `${signature} 2111 0074 7f0000017f000001d696480b 0300048aa8da32 0100026832` +
      '02000f6170702e6578616d706c652e636f6d 050000 2000440100000000210007544c5376312e33' +
      '250005454332353624001165636473612d776974682d534841323536' +
      '230016544c535f4145535f3235365f47434d5f534841333834',
    {
      visitor: { address: '127.0.0.1', port: 54_934 },
      listener: { address: '127.0.0.1', port: 18_443 },
      alpn: 'h2',
      sni: 'app.example.com',
      tls: { version: 'TLSv1.3' },
    },
  ],
  [
    `${signature} 2121 0024 00000000000000000000000000000001` +
      '00000000000000000000000000000001 d3ca480e',
    { visitor: { address: '::1', port: 54_218 }, listener: { address: '::1', port: 18_446 } },
  ],
]

function fromHex(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex')
}

/** A header of IPv4 addresses with the given TLVs. */
function withTlvs(tlvs: string): Buffer {
  return withLength(`${signature} 2111 0000 7f0000017f00000100010002 ${tlvs}`)
}

/** The bytes with their length field made right. */
function withLength(hex: string): Buffer {
  const bytes = fromHex(hex)
  bytes.writeUInt16BE(bytes.length - 16, 14)
  return bytes
}

const port = fc.nat({ max: 65_535 })
const printable = fc.string({ unit: fc.constantFrom(...'abcXYZ019.-'), minLength: 1 })
const anyHeader: fc.Arbitrary<ProxyHeader> = fc
  .constantFrom(fc.ipV4(), fc.ipV6())
  .chain((address) => {
    const end = fc.record({ address, port })
    return fc.record(
      {
        visitor: end,
        listener: end,
        alpn: fc.string({ unit: 'binary-ascii', maxLength: 255 }),
        sni: printable,
        tls: fc.constantFrom({ version: 'TLSv1.2' }, { version: 'TLSv1.3' }),
        route: fc.stringMatching(/^[\w-]{1,64}$/),
      },
      { requiredKeys: ['visitor', 'listener', 'route'], noNullPrototype: true },
    )
  })

test('the vectors worked out from the specification are written and read', () => {
  for (const [hex, header] of vectors) {
    const bytes = fromHex(hex)
    assert.equal(encodeProxyHeader(header).toString('hex'), bytes.toString('hex'))
    assert.deepEqual(decodeProxyHeader(bytes), { header, length: bytes.length })
  }
})

test('headers of haproxy are read, but for the route that only a relay adds', () => {
  for (const [hex, header] of fromHaproxy) {
    assert.match(
      refusal('SP_PROTOCOL', () => decodeProxyHeader(fromHex(hex))),
      /needs the route, TLV 0xe0$/,
    )
    const bytes = withLength(hex + route0)
    assert.deepEqual(decodeProxyHeader(bytes), {
      header: { ...header, route: 'r0' },
      length: bytes.length,
    })
  }
})

test('every header is read back, with the visitor’s bytes left behind it', () => {
  fc.assert(
    fc.property(anyHeader, fc.uint8Array({ maxLength: 40 }), (header, rest) => {
      const bytes = encodeProxyHeader(header)
      const decoded = decodeProxyHeader(Buffer.concat([bytes, rest]))
      assert.equal(decoded?.length, bytes.length)
      const again = encodeProxyHeader(decoded.header)
      assert.deepEqual(again, bytes)
      const { visitor, listener, ...other } = header
      assert.deepEqual({ ...decoded.header, visitor, listener }, { visitor, listener, ...other })
      assert.equal(decoded.header.visitor.port, visitor.port)
      assert.equal(decoded.header.listener.port, listener.port)
    }),
    { numRuns: 200 },
  )
})

test('a header needs more until its last byte, whatever the cut', () => {
  for (const [hex, header] of vectors) {
    const bytes = fromHex(hex)
    for (let at = 0; at < bytes.length; at++) {
      assert.equal(decodeProxyHeader(bytes.subarray(0, at)), undefined)
    }
    fc.assert(
      fc.property(cutSizes(40), (sizes) => {
        let seen = Buffer.alloc(0)
        for (const piece of reCut(Buffer.concat([bytes, Buffer.from('body')]), sizes)) {
          seen = Buffer.concat([seen, piece])
          const decoded = decodeProxyHeader(seen)
          assert.equal(decoded === undefined, seen.length < bytes.length)
          if (decoded) assert.deepEqual(decoded, { header, length: bytes.length })
        }
      }),
    )
  }
})

test('the addresses of a dual-stack socket are sent as IPv4, a zone is left out', () => {
  const cases: [visitor: string, listener: string, read: [string, string]][] = [
    ['::ffff:203.0.113.9', '::ffff:10.0.0.1', ['203.0.113.9', '10.0.0.1']],
    ['203.0.113.9', '::ffff:10.0.0.1', ['203.0.113.9', '10.0.0.1']],
    ['2001:db8::1', '10.0.0.1', ['2001:db8::1', '::ffff:10.0.0.1']],
    ['fe80::1%eth0', 'fe80::2%2', ['fe80::1', 'fe80::2']],
  ]
  for (const [visitor, listener, read] of cases) {
    const bytes = encodeProxyHeader({
      visitor: { address: visitor, port: 1 },
      listener: { address: listener, port: 2 },
      route: 'r0',
    })
    const header = decodeProxyHeader(bytes)?.header
    assert.deepEqual([header?.visitor.address, header?.listener.address], read)
  }
})

test('unknown TLVs are skipped, of either level', () => {
  const bytes = withTlvs(
    `04 0003 000000 ${route0} ee 0001 ff 20 000d 01 00000000 24 0000 21 0002 6162 05 0000`,
  )
  assert.deepEqual(decodeProxyHeader(bytes)?.header, {
    visitor: { address: '127.0.0.1', port: 1 },
    listener: { address: '127.0.0.1', port: 2 },
    tls: { version: 'ab' },
    route: 'r0',
  })
})

test('a TLS TLV without its first flag says that the visitor came in the clear', () => {
  assert.equal(decodeProxyHeader(withTlvs(`20 0005 00 00000000 ${route0}`))?.header.tls, undefined)
})

test('each wrong byte of the fixed part is refused as soon as it is seen', () => {
  const good = fromHex(vectors[0]?.[0] ?? '')
  const cases: [at: number, byte: number, names: RegExp][] = [
    ...Array.from({ length: 12 }, (_, at): [number, number, RegExp] => [at, 0x41, /first bytes/]),
    [12, 0x11, /version and command .*"0x11" is not valid; needs 0x21/],
    [12, 0x31, /version and command/],
    [12, 0x20, /version and command/], // LOCAL
    [12, 0x22, /version and command/],
    [13, 0x00, /address family .*"0x00" is not valid; needs 0x11 or 0x21/], // unspecified
    [13, 0x12, /address family/], // UDP
    [13, 0x31, /address family/], // unix
    [13, 0xff, /address family/],
  ]
  for (const [at, byte, names] of cases) {
    const bytes = Buffer.from(good.subarray(0, at + 1))
    assert.equal(decodeProxyHeader(bytes), undefined)
    bytes[at] = byte
    assert.match(
      refusal('SP_PROTOCOL', () => decodeProxyHeader(bytes)),
      names,
    )
  }
  for (const text of ['GET / HTTP/1.1\r\n', 'PROXY TCP4 1.2.3.4', '\u0016\u0003\u0001']) {
    refusal('SP_PROTOCOL', () => decodeProxyHeader(Buffer.from(text)))
  }
})

test('a hostile length is refused with the 16th byte, before anything is kept', () => {
  const lengths: [family: number, length: number][] = [
    [0x11, 0],
    [0x11, 11],
    [0x21, 35],
    [0x11, maxProxyHeaderBytes - 15],
    [0x21, 0xffff],
  ]
  for (const [family, length] of lengths) {
    const bytes = fromHex(`${signature} 21 00 0000`)
    bytes[13] = family
    bytes.writeUInt16BE(length, 14)
    assert.equal(decodeProxyHeader(bytes.subarray(0, 15)), undefined)
    assert.match(
      refusal('SP_PROTOCOL', () => decodeProxyHeader(bytes)),
      new RegExp(
        `^length \\(PROXY v2 header\\): "${length + 16}" is not valid; needs (28|52) to 4096`,
      ),
    )
  }
  // The largest that is taken.
  const filler = maxProxyHeaderBytes - 28 - 5 - 3
  const bytes = withTlvs(
    `${route0} ee ${filler.toString(16).padStart(4, '0')} ${'00'.repeat(filler)}`,
  )
  assert.equal(decodeProxyHeader(bytes)?.length, maxProxyHeaderBytes)
})

test('each wrong TLV is refused by name', () => {
  const cases: [tlvs: string, names: RegExp][] = [
    ['', /TLVs .*needs the route/],
    [`${route0} 01`, /TLVs .*"01" is not valid; needs each to end within the header/],
    [`${route0} 0100`, /end within/],
    [`${route0} 010001`, /end within/],
    [`${route0} 01ffff00`, /end within/],
    [`${route0} ${route0}`, /"0xe0" is not valid; needs each type once/],
    [`02000161 02000162 ${route0}`, /"0x02" is not valid; needs each type once/],
    ['e00000', /route id .*"" is not valid/],
    ['e000022f2e', /route id .*"\/\." is not valid; needs 1 to 64/],
    [`e00041${'61'.repeat(65)}`, /route id/],
    [`020000 ${route0}`, /SNI .*"" is not valid/],
    [`020002610a ${route0}`, /SNI .*"a\\n" is not valid; needs 1 to 255 visible/],
    [`020100${'61'.repeat(256)} ${route0}`, /SNI/],
    [`20000401000000 ${route0}`, /TLS TLV .*5 bytes/],
    [`2000050100000000 ${route0}`, /TLS version .*needs a short text/],
    [`200008 01 00000000 210001 ${route0}`, /TLVs .*end within/],
    [`20000a 01 00000000 2100020a0a ${route0}`, /TLS version .*"\\n\\n"/],
  ]
  for (const [tlvs, names] of cases) {
    assert.match(
      refusal('SP_PROTOCOL', () => decodeProxyHeader(withTlvs(tlvs))),
      names,
    )
  }
})

test('damaged headers never give anything but SP_PROTOCOL', () => {
  const damage = fc.array(fc.tuple(fc.nat({ max: 120 }), fc.nat({ max: 255 })), { maxLength: 5 })
  fc.assert(
    fc.property(anyHeader, damage, fc.nat({ max: 200 }), (header, changes, cut) => {
      const bytes = encodeProxyHeader(header).subarray(0, cut < 100 ? undefined : cut)
      for (const [at, byte] of changes) if (at < bytes.length) bytes[at] = byte
      try {
        decodeProxyHeader(bytes)
      } catch (error) {
        assert.ok(error instanceof SallyportError && error.code === 'SP_PROTOCOL', String(error))
      }
    }),
    { numRuns: 1000 },
  )
})

test('what does not fit into a header is not sent', () => {
  const good: ProxyHeader = {
    visitor: { address: '127.0.0.1', port: 1 },
    listener: { address: '127.0.0.1', port: 2 },
    route: 'r0',
  }
  const wrong: ProxyHeader[] = [
    { ...good, visitor: { address: 'localhost', port: 1 } },
    { ...good, listener: { address: '', port: 1 } },
    { ...good, visitor: { address: '127.0.0.1', port: 65_536 } },
    { ...good, visitor: { address: '127.0.0.1', port: -1 } },
    { ...good, listener: { address: '127.0.0.1', port: NaN } },
    { ...good, route: '' },
    { ...good, route: 'a b' },
    { ...good, alpn: 'a'.repeat(maxProxyHeaderBytes) },
    { ...good, alpn: 'a'.repeat(70_000) },
    { ...good, sni: 'a'.repeat(256) },
    { ...good, sni: '' },
    { ...good, sni: 'é.example' },
    { ...good, tls: { version: '' } },
  ]
  for (const header of wrong) refusal('SP_INTERNAL', () => encodeProxyHeader(header))
})
