import assert from 'node:assert/strict'
import test from 'node:test'
import {
  type SallyportError,
  isSallyportError,
  parsePoolName,
  parseTarget,
} from '@sallyport/protocol'
import { z } from 'zod'
import { choice, text, textOrNumber, texts, wholeNumber, yesNo } from './setting.ts'
import { editorSchema, settingRows } from './setting-rows.ts'
import { parseSettings } from './settings-file.ts'

const schema = z.strictObject({
  channel_timeout: wholeNumber(1, 1_000).optional().meta({ description: 'd', flag: '--x' }),
  json: yesNo().optional(),
  level: choice(['info', 'debug']).optional(),
  target: textOrNumber(parseTarget).optional(),
  pools: texts(parsePoolName).optional(),
  join: text(() => 0).optional(),
  inner: z.record(z.string(), z.strictObject({ pool: text(parsePoolName) })).optional(),
})

function problems(content: string): readonly string[] {
  let thrown: SallyportError | undefined
  try {
    parseSettings(content, 'a.yaml', schema)
  } catch (error) {
    assert.ok(isSallyportError(error), String(error))
    thrown = error
  }
  assert.ok(thrown, 'nothing is wrong')
  assert.equal(thrown.code, 'SP_CONFIG')
  return thrown.message.split('\n')
}

test('settings file: values, and where they stand', () => {
  const { values, where } = parseSettings(
    'channel_timeout: 5\njson: true\ntarget: 3000\npools: [a, b]\ninner:\n  x:\n    pool: c\n',
    'a.yaml',
    schema,
  )
  assert.deepEqual(values, {
    channel_timeout: 5,
    json: true,
    target: 3000,
    pools: ['a', 'b'],
    inner: { x: { pool: 'c' } },
  })
  assert.equal(where(['target']), 'target in a.yaml:3:1')
  assert.equal(where(['pools', 1]), 'pools.1 in a.yaml:4:12')
  assert.equal(where(['inner', 'x', 'pool']), 'inner.x.pool in a.yaml:7:5')
})

test('settings file: an empty file sets nothing', () => {
  for (const content of ['', '# only a comment\n', '---\n', '{}']) {
    assert.deepEqual(parseSettings(content, 'a.yaml', schema).values, {})
  }
})

const wrong: readonly (readonly [content: string, ...expected: RegExp[]])[] = [
  [
    'chanel_timeout: 3',
    /^setting \(a\.yaml:1:1\): "chanel_timeout" .*did you mean channel_timeout\?$/,
  ],
  ['json: true\nchannel-timeout: 3', /^setting \(a\.yaml:2:1\): .*mean channel_timeout\?$/],
  ['zzz: 3', /^setting .*; needs one of channel_timeout, json, level, target,/],
  [
    'channel_timeout: 0',
    /^channel timeout \(channel_timeout in a\.yaml:1:1\): "0" .*from 1 to 1000$/,
  ],
  ['channel_timeout: soon', /"soon" is not valid; needs a whole number from 1 to 1000$/],
  ['channel_timeout: 1.5', /"1\.5" is not valid/],
  ['json: maybe', /^json \(json in a\.yaml:1:1\): "maybe" is not valid; needs true or false$/],
  ['level: loud', /^level .*: "loud" is not valid; needs one of info, debug$/],
  ['target: 99999', /^target \(target in a\.yaml:1:1\): "99999" is not valid/],
  ['pools: [a, "b c"]', /\(pools\.1 in a\.yaml:1:12\): "b c" is not valid/],
  ['pools: "b c"', /\(pools in a\.yaml:1:1\): "b c" is not valid/],
  [
    'inner:\n  x:\n    pool: a\n    pol: b',
    /^setting of inner\.x \(a\.yaml:4:5\): "pol" .*mean pool\?$/,
  ],
  ['inner:\n  x:\n    pool: "b c"', /\(inner\.x\.pool in a\.yaml:3:5\): "b c" is not valid/],
  ['- a', /^configuration file \(a\.yaml\); needs names with values$/],
  ['json: true\njson: false', /^YAML \(a\.yaml:2:1\); needs to be right: duplicate key$/],
  ['json: [', /^YAML \(a\.yaml:1:\d+\); needs to be right:/],
  ['json: !!js/function x', /^YAML .*tag/],
  [
    'chanel_timeout: 3\nlevel: loud\ninner:\n  x: {}',
    /^3 problems in a\.yaml:$/,
    /^ {2}level /,
    /^ {2}pool \(inner\.x\.pool in a\.yaml:/,
    /^ {2}setting \(a\.yaml:1:1\)/,
  ],
]
for (const [content, ...expected] of wrong) {
  test(`settings file: ${JSON.stringify(content)} is refused`, () => {
    const lines = problems(content)
    assert.equal(lines.length, expected.length, lines.join('\n'))
    for (const [index, pattern] of expected.entries()) assert.match(lines[index] ?? '', pattern)
  })
}

test('settings file: no problem shows a secret, a broken line or a wrong form', () => {
  for (const content of [
    'join: [sp1_secret]',
    'join: {a: sp1_secret}',
    'join: "sp1_secret',
    'a: b: sp1_secret',
  ]) {
    assert.ok(!problems(content).join('\n').includes('secret'), problems(content).join('\n'))
  }
})

test('settings file: a bomb of aliases is refused', () => {
  const rows = ['a: &a [x,x,x,x,x,x,x,x,x]']
  for (let at = 1; at < 9; at++) {
    const [name, below] = [String.fromCharCode(97 + at), String.fromCharCode(96 + at)]
    rows.push(`${name}: &${name} [${`*${below},`.repeat(9)}]`)
  }
  assert.match(problems(rows.join('\n')).join('\n'), /YAML \(a\.yaml\); needs less/)
})

test('settings file: the rows for documents have the flags, the schema for editors has not', () => {
  assert.equal(settingRows(schema)[0]?.flag, '--x')
  const made = JSON.stringify(editorSchema(schema, 't'))
  assert.ok(!made.includes('--x') && made.includes('"additionalProperties":false'))
})
