import assert from 'node:assert/strict'
import { test } from 'node:test'

import { type ClientHello, parseClientHello } from './client-hello.ts'
import { capturedHellos } from './client-hello.test.hellos.ts'
import { refusal } from './refusal.test.support.ts'

// Built by hand from RFC 8446 §4.1.2: version, random, session id, two suites, no compression.
const fixedPart = `0303 ${'5a'.repeat(32)} 00 0004 13011302 0100`

/** The body of a hello with these extensions, each given as type and data in hex. */
function hello(...extensions: [type: string, data: string][]): Buffer {
  const joined = extensions.map(([type, data]) => type + prefixed(2, data).toString('hex')).join('')
  return Buffer.concat([hex(fixedPart), prefixed(2, joined)])
}

function prefixed(lengthBytes: number, data: string): Buffer {
  const length = Buffer.alloc(lengthBytes)
  length.writeUIntBE(hex(data).length, 0, lengthBytes)
  return Buffer.concat([length, hex(data)])
}

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex')
}

const sniA: [string, string] = ['0000', '0006 00 0003 612e62'] // a.b
const alpnH2: [string, string] = ['0010', '0003 02 6832'] // h2

test('real hellos give their SNI in lower case and their ALPN in order', () => {
  const cases: [Buffer, ClientHello][] = [
    [capturedHellos.opensslSniAlpn, { sni: 'app.example.com', alpn: ['h2', 'http/1.1'] }],
    [capturedHellos.opensslBare, { alpn: [] }],
    [capturedHellos.opensslTls12, { sni: 'old.example.com', alpn: [] }],
    [capturedHellos.goPostQuantum, { sni: 'go.example.com', alpn: ['h2', 'http/1.1'] }],
  ]
  for (const [bytes, expected] of cases) {
    // 5 bytes of record header, 4 of handshake header.
    assert.deepEqual(parseClientHello(bytes.subarray(9)), expected)
  }
})

test('hellos built by hand are read', () => {
  assert.deepEqual(parseClientHello(hex(fixedPart)), { alpn: [] }, 'TLS 1.2 without extensions')
  assert.deepEqual(parseClientHello(hello()), { alpn: [] })
  assert.deepEqual(parseClientHello(hello(sniA, alpnH2)), { sni: 'a.b', alpn: ['h2'] })
  assert.deepEqual(parseClientHello(hello(alpnH2, ['0a0a', ''], ['002b', '020304'], sniA)), {
    sni: 'a.b',
    alpn: ['h2'],
  })
  // GREASE (RFC 8701) among the protocols is bytes, not text.
  assert.deepEqual(parseClientHello(hello(['0010', '0006 02 1a1a 02 6832'])).alpn, [
    '\x1a\x1a',
    'h2',
  ])
})

test('each wrong part of a hello is refused by name', () => {
  const start = `0303 ${'5a'.repeat(32)}`
  const cases: [Buffer, RegExp][] = [
    [hex(''), /legacy version .*to end within the message/],
    [hex('03'), /legacy version/],
    [hex(`0303 ${'5a'.repeat(31)}`), /random/],
    [hex(start), /session id/],
    [hex(`${start} 21 ${'00'.repeat(33)} 0002 1301 0100`), /session id .*at most 32/],
    [hex(`${start} 20 0002 1301 0100`), /session id .*within/],
    [hex(`${start} 00 0000 0100`), /cipher suites .*two bytes each/],
    [hex(`${start} 00 0003 130113 0100`), /cipher suites .*two bytes each/],
    [hex(`${start} 00 fffe 1301 0100`), /cipher suites .*within the message/],
    [hex(`${start} 00 0002 1301 00`), /compression methods .*one at least/],
    [hex(`${start} 00 0002 1301`), /compression methods .*within/],
    [hex(`${fixedPart} 00`), /extensions .*within/],
    [hex(`${fixedPart} 0001`), /extensions .*within/],
    [hex(`${fixedPart} 0000 00`), /message .*nothing after its last part/],
    [hex(`${fixedPart} 0001 00`), /extension type .*within the extensions/],
    [hex(`${fixedPart} 0003 0010 00`), /extension 16 .*within the extensions/],
    [hex(`${fixedPart} 0004 0010 0001`), /extension 16 .*within the extensions/],
    [hello(sniA, sniA), /extension 0 .*to stand once/],
    [hello(alpnH2, sniA, alpnH2), /extension 16 .*to stand once/],
    [hello(['0023', ''], ['0023', '']), /extension 35 .*to stand once/],
    [hello(['0000', '']), /server name list .*within the server name extension/],
    [hello(['0000', '0000']), /server name type .*within the server name list/],
    [hello(['0000', '0006 00 0003 612e']), /server name list .*within/],
    [hello(['0000', '0006 00 0003 612e62 00']), /server name extension .*nothing after/],
    [hello(['0000', '0006 01 0003 612e62']), /server name type .*"1" is not valid; needs 0/],
    [hello(['0000', '0006 00 0004 612e62']), /server name .*within the server name list/],
    [hello(['0000', '000a 00 0003 612e62 00 0001 63']), /server name list .*nothing after/],
    [hello(['0000', '0003 00 0000']), /server name .*"" is not valid; needs 1 to 255 visible/],
    [hello(['0000', '0005 00 0002 6100']), /server name .*"a\\u0000" is not valid/],
    [hello(['0000', '0005 00 0002 610a']), /server name .*"a\\n" is not valid/],
    [hello(['0000', '0005 00 0002 c3a9']), /server name .*"Ã©" is not valid/],
    [hello(['0000', `0103 00 0100 ${'61'.repeat(256)}`]), /server name .*1 to 255/],
    [hello(['0010', '']), /ALPN list .*within the ALPN extension/],
    [hello(['0010', '0000']), /ALPN name .*within the ALPN list/],
    [hello(['0010', '0001 00']), /ALPN name .*one character/],
    [hello(['0010', '0002 02 68']), /ALPN name .*within the ALPN list/],
    [hello(['0010', '0004 02 6832 00']), /ALPN name .*one character/],
    [hello(['0010', '0003 02 6832 00']), /ALPN extension .*nothing after/],
    [hello(['0010', '0004 02 6832']), /ALPN list .*within the ALPN extension/],
  ]
  for (const [body, names] of cases) {
    const message = refusal('SP_PROTOCOL', () => parseClientHello(body))
    assert.match(message, names)
    assert.match(message, /\(ClientHello\)/)
  }
})

test('no hello is taken when it is cut off', () => {
  for (const bytes of Object.values(capturedHellos)) {
    const body = bytes.subarray(9)
    for (let at = 0; at < body.length; at++) {
      // Where the extensions begin, what came before is a whole hello of TLS 1.2.
      if (at === extensionsStart(body)) continue
      refusal('SP_PROTOCOL', () => parseClientHello(body.subarray(0, at)))
    }
  }
})

function extensionsStart(body: Buffer): number {
  const suitesAt = 34 + 1 + body.readUInt8(34)
  const compressionAt = suitesAt + 2 + body.readUInt16BE(suitesAt)
  return compressionAt + 1 + body.readUInt8(compressionAt)
}
