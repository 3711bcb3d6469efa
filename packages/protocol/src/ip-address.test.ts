import assert from 'node:assert/strict'
import { isIP } from 'node:net'
import { test } from 'node:test'

import fc from 'fast-check'

import { bytesToIp, ipToBytes, isLoopback, isMappedIpv4 } from './ip-address.ts'

test('addresses are read to their bytes', () => {
  const cases = {
    '0.0.0.0': '00000000',
    '127.0.0.1': '7f000001',
    '255.255.255.255': 'ffffffff',
    '::': '0'.repeat(32),
    '::1': `${'0'.repeat(31)}1`,
    '1::': `0001${'0'.repeat(28)}`,
    '2001:db8::8:800:200C:417A': '20010db80000000000080800200c417a',
    '1:2:3:4:5:6:7:8': '00010002000300040005000600070008',
    '1:2:3:4:5:6:7::': '00010002000300040005000600070000',
    '::ffff:1.2.3.4': '00000000000000000000ffff01020304',
    '1:2:3:4:5:6:7.8.9.10': '0001000200030004000500060708090a',
  }
  for (const [text, hex] of Object.entries(cases)) {
    assert.equal(ipToBytes(text)?.toString('hex'), hex, text)
  }
})

test('what is no address is undefined', () => {
  const wrong = ['', '1', '1.2.3', '1.2.3.4.5', '256.0.0.1', '01.2.3.4', '1.2.3.4 ', '0x7f.0.0.1']
  const wrong6 = [':', ':::', '1::2::3', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '12345::', 'g::']
  const more = [
    '::1%lo',
    '[::1]',
    '1.2.3.4::',
    '::1.2.3',
    '1:2:3:4:5:6:7:1.2.3.4',
    '1::2:3:4:5:6:7:8',
  ]
  for (const text of [...wrong, ...wrong6, ...more]) assert.equal(ipToBytes(text), undefined, text)
})

test('bytes are written as RFC 5952 §4 says', () => {
  const cases = {
    '00000000000000000000000000000000': '::',
    '00000000000000000000000000000001': '::1',
    '20010db8000000000000000000020001': '2001:db8::2:1',
    '20010db8000000010001000100010001': '2001:db8:0:1:1:1:1:1',
    '20010000000000010000000000000001': '2001:0:0:1::1',
    '20010db8000000000001000000000001': '2001:db8::1:0:0:1',
    '0a000000000000000000000000000000': 'a00::',
    '00000000000000000000ffffc0000201': '::ffff:192.0.2.1',
    c0000201: '192.0.2.1',
  }
  for (const [hex, text] of Object.entries(cases)) {
    assert.equal(bytesToIp(Buffer.from(hex, 'hex')), text)
  }
})

test('node:net and the URL parser agree about every address', () => {
  const group = fc.constantFrom('0', '1', 'ab', 'FFFF', '00a0', '', '', '12345', '1.2.3.4', 'x')
  const almost = fc.array(group, { minLength: 1, maxLength: 9 }).map((groups) => groups.join(':'))
  const texts = fc.oneof(almost, fc.ipV6(), fc.ipV4(), fc.ipV4Extended())
  fc.assert(
    fc.property(texts, (text) => {
      const bytes = ipToBytes(text)
      assert.equal(bytes === undefined ? 0 : bytes.length === 4 ? 4 : 6, isIP(text))
      if (bytes === undefined) return
      assert.deepEqual(ipToBytes(bytesToIp(bytes)), bytes)
      if (bytes.length === 4 || isMappedIpv4(bytes)) return
      assert.equal(`[${bytesToIp(bytes)}]`, new URL(`http://[${text}]`).hostname)
    }),
    { numRuns: 1000 },
  )
})

test('loopback is what no other machine reaches', () => {
  for (const host of ['localhost', '::1', '127.0.0.1', '127.255.0.9', '::ffff:127.0.0.1']) {
    assert.equal(isLoopback(host), true, host)
  }
  for (const host of ['', '127.example.com', '127.0.0', '128.0.0.1', '::', '::ffff:10.0.0.1']) {
    assert.equal(isLoopback(host), false, host)
  }
})
