import assert from 'node:assert/strict'
import test from 'node:test'
import { SallyportError } from '@sallyport/protocol'
import { parseHeaderRules } from './header-rules.ts'

test('header rules: are read as fields and as lines', () => {
  const rules = parseHeaderRules({ add: ['X-A:  b ', 'X-Empty:'], remove: ['Cookie'] }, 'test')
  assert.equal(rules.block.toString(), 'X-A: b\r\nX-Empty: \r\n')
  assert.deepEqual(rules.fields, [
    ['X-A', 'b'],
    ['X-Empty', ''],
  ])
  assert.deepEqual([...rules.remove], ['cookie'])
})

const wrong = [
  'no colon',
  ': empty',
  'X A: b',
  'X-A: b\r\nX-B: c',
  'X-A: b\nc',
  'X-A: \0',
  'X-A: \u{1f600}',
  'Host: evil',
  'Content-Length: 5',
  'Transfer_Encoding: chunked',
  'Connection: close',
  'Upgrade: x',
  'X-Forwarded-For: 1',
  'X-Real-IP: 1',
  'Forwarded: for=1',
]
for (const line of wrong) {
  test(`header rules: ${JSON.stringify(line)} is refused`, () => {
    assert.throws(
      () => parseHeaderRules({ add: [line] }, '--header'),
      (error) => error instanceof SallyportError && error.code === 'SP_CONFIG',
    )
  })
}

test('header rules: what frames a message cannot be removed either', () => {
  for (const name of ['Host', 'content-length', 'X-Forwarded-For', 'a b', '']) {
    assert.throws(() => parseHeaderRules({ remove: [name] }, '--header'), /needs/, name)
  }
})
