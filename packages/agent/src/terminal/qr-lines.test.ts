import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { encode } from 'uqr'
import { qrLines } from './qr-lines.ts'

const url = 'https://app.example.com'

/** Lines back to modules: true is dark. */
function modulesOf(lines: readonly string[], isColoured: boolean): boolean[][] {
  return lines.flatMap((line) => {
    const blocks = [...stripVTControlCharacters(line)]
    return ['▀', '▄'].map((half) =>
      blocks.map((block) => (block === '█' || block === half) === isColoured),
    )
  })
}

for (const isColoured of [true, false]) {
  test(`qr: the modules are those of the code, ${isColoured ? 'in black on white' : 'plain'}`, () => {
    const { data } = encode(url, { ecc: 'L', border: 2 })
    const lines = qrLines(url, isColoured)
    const shown = modulesOf(lines, isColoured).slice(0, data.length)
    assert.deepEqual(shown, data)
    assert.equal(lines.length, Math.ceil(data.length / 2))
    assert.equal(lines[0]?.startsWith('\u001b[30;107m'), isColoured)
  })
}
