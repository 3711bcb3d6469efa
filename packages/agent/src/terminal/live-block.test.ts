// What a person sees of it: its output goes to a terminal without a window.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../../../../test/support/fake-clock.ts'
import { TestTerminal } from '../../../../test/support/test-terminal.ts'
import { redrawMs } from '../limits.ts'
import { LiveBlock } from './live-block.ts'

function rig(columns = 40, rows = 12) {
  const clock = new FakeClock()
  const terminal = new TestTerminal(columns, rows)
  const writes: string[] = []
  const state = { lines: ['one', 'two'] as readonly string[] | undefined }
  const block = new LiveBlock({
    clock,
    terminal: {
      write: (text) => {
        writes.push(text)
        terminal.write(text)
      },
      room: () => terminal.room,
    },
    lines: () => state.lines,
  })
  const set = (...lines: string[]): void => {
    state.lines = lines
    block.change()
  }
  return { clock, terminal, block, set, writes, state }
}

test('block: stays below what is printed, and is drawn in its place', async () => {
  const { clock, terminal, block, set } = rig()
  set('one', 'two')
  assert.deepEqual(await terminal.lines(), ['one', 'two'])
  block.print('log 1')
  clock.advance(redrawMs)
  assert.deepEqual(await terminal.lines(), ['log 1', 'one', 'two'])
  block.print('log 2')
  set('ONE')
  clock.advance(redrawMs)
  assert.deepEqual(await terminal.lines(), ['log 1', 'log 2', 'ONE'])
  set('1', '2', '3')
  clock.advance(redrawMs)
  assert.deepEqual(await terminal.lines(), ['log 1', 'log 2', '1', '2', '3'])
})

test('block: is drawn four times a second at most, whatever happens, and the last state is shown', async () => {
  const { clock, terminal, block, set, writes } = rig()
  for (let ms = 0; ms < 1_000; ms += 5) {
    set(`at ${ms}`)
    if (ms % 100 === 0) block.print(`line ${ms / 100}`)
    clock.advance(5)
  }
  clock.advance(redrawMs)
  assert.ok(writes.length <= 6, `${writes.length} writes`)
  const lines = await terminal.lines()
  assert.equal(lines.at(-1), 'at 995')
  assert.deepEqual(
    lines.slice(0, -1),
    Array.from({ length: 10 }, (_, line) => `line ${line}`),
  )
})

test('block: at the bottom of the screen what is printed scrolls, whole and once', async () => {
  const { clock, terminal, block, set } = rig(40, 6)
  set('one', 'two')
  for (let line = 0; line < 30; line++) {
    block.print(`log ${line}`)
    clock.advance(redrawMs)
  }
  const expected = Array.from({ length: 30 }, (_, line) => `log ${line}`)
  assert.deepEqual(await terminal.everyLine(), [...expected, 'one', 'two'])
})

test('block: survives a terminal that becomes narrower, wider, lower', async () => {
  const { clock, terminal, block, set } = rig(60, 12)
  const wide = ['a'.repeat(50), 'b'.repeat(50), 'c'.repeat(50)]
  block.print('log 1')
  set(...wide)
  clock.advance(redrawMs)
  assert.deepEqual(await terminal.lines(), ['log 1', ...wide])
  await terminal.resize(20, 12)
  set('a', 'b', 'c')
  clock.advance(redrawMs)
  assert.deepEqual(await terminal.lines(), ['log 1', 'a', 'b', 'c'])
  await terminal.resize(80, 12)
  set(...wide)
  clock.advance(redrawMs)
  assert.deepEqual(await terminal.lines(), ['log 1', ...wide])
  await terminal.resize(80, 5)
  set('a', 'b')
  clock.advance(redrawMs)
  assert.deepEqual(await terminal.lines(), ['log 1', 'a', 'b'])
})

test('block: is away while somebody else has the terminal, and what is printed then comes at once', async () => {
  const { clock, terminal, block, set, writes } = rig()
  set('one')
  clock.advance(redrawMs)
  const done = block.hold()
  const also = block.hold()
  assert.deepEqual(await terminal.lines(), [])
  const before = writes.length
  terminal.write('question: ')
  set('two')
  clock.advance(10 * redrawMs)
  assert.equal(writes.length, before, 'nothing is drawn meanwhile')
  terminal.write('yes\r\n')
  block.print('heard')
  done()
  done()
  clock.advance(redrawMs)
  assert.deepEqual(await terminal.lines(), ['question: yes', 'heard'])
  also()
  clock.advance(redrawMs)
  assert.deepEqual(await terminal.lines(), ['question: yes', 'heard', 'two'])
})

test('block: forgets where it was when the screen was somebody else’s', async () => {
  const { clock, terminal, block, set } = rig()
  set('one')
  clock.advance(redrawMs)
  terminal.write('$ fg\r\n')
  block.forget()
  clock.advance(redrawMs)
  assert.deepEqual(await terminal.lines(), ['one', '$ fg', 'one'])
})

test('block: leaves what was printed, and the cursor where the next line goes', async () => {
  const { clock, terminal, block, set } = rig()
  set('one', 'two')
  block.print('log')
  block.close()
  assert.deepEqual(await terminal.lines(), ['log'])
  assert.deepEqual(terminal.cursor, { column: 0, row: 1 })
  block.print('ended')
  set('three')
  clock.advance(10 * redrawMs)
  assert.deepEqual(await terminal.lines(), ['log', 'ended'])
})

test('block: a terminal without room has the lines alone', async () => {
  const { clock, terminal, block, set, state } = rig()
  set('one')
  state.lines = undefined
  block.print('log')
  clock.advance(redrawMs)
  assert.deepEqual(await terminal.lines(), ['log'])
})
