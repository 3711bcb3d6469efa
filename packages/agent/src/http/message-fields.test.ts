import assert from 'node:assert/strict'
import test from 'node:test'
import {
  isChunked,
  isWebSocket,
  parseConnectionOptions,
  parseContentLength,
  trimSpaces,
} from './message-fields.ts'

test('message fields: a length is digits that a number holds', () => {
  assert.equal(parseContentLength('0'), 0)
  assert.equal(parseContentLength('0005'), 5)
  assert.equal(parseContentLength('9007199254740991'), Number.MAX_SAFE_INTEGER)
  for (const text of ['', ' 5', '5 ', '+5', '-5', '5.0', '5e1', '0x5', '٥', '9007199254740992']) {
    assert.equal(parseContentLength(text), undefined, text)
  }
})

test('message fields: Connection is a list of tokens', () => {
  const options = parseConnectionOptions(' Keep-Alive ,, CLOSE,\tupgrade , X-Hop')
  assert.equal(options?.hasClose, true)
  assert.equal(options?.hasKeepAlive, true)
  assert.equal(options?.hasUpgrade, true)
  assert.deepEqual([...(options?.named ?? [])], ['x-hop'])
  assert.equal(parseConnectionOptions('close')?.named, undefined)
  for (const text of ['a b', 'a;b', '"close"', '\xa0close']) {
    assert.equal(parseConnectionOptions(text), undefined, text)
  }
})

test('message fields: chunked and websocket stand alone', () => {
  assert.equal(isChunked('ChUnKeD'), true)
  assert.equal(isChunked('chunked '), false)
  assert.equal(isChunked('chun\u212aed'), false)
  assert.equal(isWebSocket('WebSocket'), true)
  assert.equal(isWebSocket('websocket/13'), false)
})

test('message fields: only blanks and tabs are cut off', () => {
  assert.equal(trimSpaces(' \ta b\t '), 'a b')
  assert.equal(trimSpaces('\xa0a'), '\xa0a')
})
