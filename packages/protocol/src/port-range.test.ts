import assert from 'node:assert/strict'
import { test } from 'node:test'

import { formatPortRange, includesPort, parsePortRange, portOf } from './port-range.ts'
import { refusal } from './refusal.test.support.ts'

test('a port is a plain decimal number up to 65535', () => {
  assert.equal(portOf('1', 1), 1)
  assert.equal(portOf('65535', 1), 65_535)
  assert.equal(portOf('0', 0), 0)
  assert.equal(portOf('0', 1), undefined)
  for (const text of [
    '',
    '-1',
    '+1',
    '1.0',
    '1e3',
    '0x50',
    ' 80',
    '080',
    '65536',
    '99999999',
    '８０',
  ]) {
    assert.equal(portOf(text, 0), undefined, text)
  }
})

test('a range has both its ends', () => {
  assert.deepEqual(parsePortRange('2000-2100', 'x'), { first: 2000, last: 2100 })
  assert.deepEqual(parsePortRange('7-7', 'x'), { first: 7, last: 7 })
  assert.deepEqual(parsePortRange('7', 'x'), { first: 7, last: 7 })
  assert.equal(formatPortRange({ first: 7, last: 9 }), '7-9')
  const range = parsePortRange('10-12', 'x')
  assert.deepEqual(
    [9, 10, 12, 13].map((port) => includesPort(range, port)),
    [false, true, true, false],
  )
})

test('a wrong range is refused with its place and value', () => {
  for (const text of ['', '-', '1-', '-1', '2-1', '0-1', '1-65536', '1-2-3', 'a-b', '1 - 2']) {
    const message = refusal('SP_USAGE', () => parsePortRange(text, '--tcp-ports'))
    assert.match(message, /^port range \(--tcp-ports\): ".*" is not valid; needs A-B with 1 <= A/)
  }
  refusal('SP_CONFIG', () => parsePortRange('x', 'SALLYPORT_TCP_PORTS', 'SP_CONFIG'))
})
