import assert from 'node:assert/strict'
import { test } from 'node:test'
import { escapeControls } from './escape-controls.ts'

test('escape controls: what a terminal would act on is written out', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['\u001b[2J', '\\x1b[2J'],
    ['\u009b31m', '\\x9b31m'],
    ['a\r\nb\tc', 'a\\x0d\\x0ab\\x09c'],
    ['\u007f', '\\x7f'],
    ['\u202etxt.exe', '\\u202etxt.exe'],
    ['\u2066x\u2069', '\\u2066x\\u2069'],
    ['a\u200bb', 'a\\u200bb'],
    ['\ud800x', '\\ud800x'],
  ]
  for (const [text, escaped] of cases) assert.equal(escapeControls(text), escaped)
})

test('escape controls: what people write stays', () => {
  for (const text of ['/päth?q=1', '日本語', '🎉 done', 'C:\\x1b']) {
    assert.equal(escapeControls(text), text)
  }
})

test('escape controls: nothing of C0, C1 or an escape is left, whatever goes in', () => {
  for (let code = 0; code < 0x3000; code++) {
    const out = escapeControls(String.fromCharCode(code))
    for (const char of out) {
      const number = char.codePointAt(0) ?? 0
      assert.ok(number >= 0x20 && (number < 0x7f || number > 0x9f), `${code}`)
    }
  }
})
