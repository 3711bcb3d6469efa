import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import type { BoardView } from './status-board.ts'
import { isTooSmall, printable, statusLines } from './status-lines.ts'

const view: BoardView = {
  state: { name: 'online' },
  routes: [{ id: 'r0', url: 'https://app.example.com', target: 'localhost:3000' }],
  roundTripMs: 23.4,
  visitors: 1,
  visits: 12,
  entries: [
    { what: 'GET', where: '/', status: 200, ms: 3.14 },
    { what: 'POST', where: '/hook?x=1', status: 502, ms: 1_234.5 },
    { what: 'GET', where: '/slow', status: undefined, ms: undefined },
  ],
}

/** Without colours. */
const bare = (lines: readonly string[]): string[] =>
  lines.map((line) => stripVTControlCharacters(line))

const show = (change: Partial<BoardView>, columns = 60, rows = 24): string[] =>
  bare(statusLines({ ...view, ...change }, { columns, rows }))

test('status: shows addresses, state, round trip, visitors and the last requests', () => {
  assert.deepEqual(show({}), [
    '',
    'https://app.example.com → localhost:3000',
    '● online · 23 ms to the relay · 1 visitor now, 12 before',
    '',
    'GET     /                                      200   3.1 ms',
    'POST    /hook?x=1                              502  1235 ms',
    'GET     /slow                                    …         ',
  ])
})

test('status: each state has its words', () => {
  const states: readonly (readonly [BoardView['state'], RegExp])[] = [
    [{ name: 'connecting' }, /^● connecting$/],
    [{ name: 'away', why: 'no answer' }, /^● reconnecting: no answer$/],
    [{ name: 'draining' }, /^● ending · 1 visitor now/],
  ]
  for (const [state, expected] of states) assert.match(show({ state })[2] ?? '', expected)
  assert.equal(show({ roundTripMs: undefined })[2], '● online · 1 visitor now, 12 before')
})

test('status: no line is wider than the terminal less one, and it takes half its rows at most', () => {
  const where = `/${'x'.repeat(500)}`
  const entries = Array.from({ length: 8 }, () => ({
    what: 'PROPFINDER',
    where,
    status: 200,
    ms: 1,
  }))
  const url = `https://${'y'.repeat(200)}.test`
  const routes = Array.from({ length: 9 }, (_, at) => ({ id: `r${at}`, url, target: 'unix:/s' }))
  for (let columns = 40; columns < 200; columns += 7) {
    for (const rows of [10, 14, 24, 50]) {
      const lines = show({ entries, routes }, columns, rows)
      for (const line of lines) assert.ok(line.length < columns, `${columns}: ${line}`)
      assert.ok(lines.length <= Math.max(rows / 2, 9), `${rows}: ${lines.length}`)
    }
  }
  assert.ok(show({ routes }).includes('and 4 more'))
})

test('status: what others chose cannot steer the terminal', () => {
  const evil = '\u001b[2J\u009b31m\r\n\u202e日'
  const route = { id: 'r0', url: 'https://a.test', target: `unix:/${evil}` }
  const entry = { what: evil, where: `/${evil}`, status: 200, ms: 1 }
  const lines = statusLines(
    { ...view, state: { name: 'away', why: evil }, routes: [route], entries: [entry] },
    { columns: 200, rows: 24 },
  )
  for (const line of bare(lines)) assert.match(line, /^[\x20-\x7e●→·…]*$/u)
  assert.equal(printable('a\u001b\u009b\u202e日'), 'a\\x1b\\x9b\\u{202e}\\u{65e5}')
})

test('status: a terminal that is too small has none', () => {
  assert.ok(isTooSmall({ columns: 39, rows: 24 }) && isTooSmall({ columns: 80, rows: 9 }))
  assert.ok(!isTooSmall({ columns: 40, rows: 10 }))
})
