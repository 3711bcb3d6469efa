import assert from 'node:assert/strict'
import test from 'node:test'
import { nearestName } from './nearest-name.ts'

const names = ['channel_timeout', 'connections', 'json', 'listen', 'log_level']

for (const [wrong, near] of [
  ['chanel_timeout', 'channel_timeout'],
  ['channel-timeout', 'channel_timeout'],
  ['jsno', 'json'],
  ['Listen', 'listen'],
  ['loglevel', 'log_level'],
  ['conection', 'connections'],
  ['frobnicate', undefined],
  ['', undefined],
  ['x'.repeat(500), undefined],
] as const) {
  test(`nearest name: ${wrong.slice(0, 20)} means ${near ?? 'nothing known'}`, () => {
    assert.equal(nearestName(wrong, names), near)
  })
}
