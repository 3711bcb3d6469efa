import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { Changes } from '../../../test/support/changes.ts'
import { FakeClock } from '../../../test/support/fake-clock.ts'
import { isForeground } from './foreground.ts'
import { createKnockPrompt } from './knock-prompt.ts'
import { leastThinkingMs } from './limits.ts'

const knock = { visitor: '192.0.2.7', url: 'tcp://relay.test:2222', target: 'localhost:22' }

function atTerminal() {
  const changes = new Changes()
  const clock = new FakeClock()
  const input = new PassThrough()
  let shown = ''
  let isForegroundNow = true
  const output = {
    write(text: string) {
      shown += text
      changes.tell()
    },
  }
  const ask = createKnockPrompt({
    input,
    output,
    clock,
    isForeground: () => Promise.resolve(isForegroundNow),
  })
  const shows = (text: string, times = 1) =>
    changes.until(
      text,
      () => shown.split(text).length > times,
      () => shown,
    )
  return {
    clock,
    input,
    ask,
    shows,
    shown: () => shown,
    goToBackground() {
      isForegroundNow = false
    },
    /** As a person does: a while after the question. */
    async type(text: string, question: string = knock.visitor): Promise<void> {
      await shows(`${question} knocks`)
      clock.advance(leastThinkingMs)
      input.write(text)
    },
  }
}

const open = () => new AbortController().signal

test('knock prompt: says who, where and for what, and takes a letter or a word', async () => {
  for (const [typed, expected] of [
    ['o\n', 'once'],
    ['Hour\n', 'hour'],
    [' always \r\n', 'always'],
    ['d\n', 'deny'],
  ] as const) {
    const { ask, type, shown } = atTerminal()
    const answer = ask(knock, open())
    await type(typed)
    assert.equal(await answer, expected)
    assert.equal(
      shown(),
      'agent: 192.0.2.7 knocks at tcp://relay.test:2222, for localhost:22\n' +
        'agent: o = once, h = for an hour, a = always, d = deny; then Enter: ',
    )
  }
})

test('knock prompt: what is no answer is asked again, and a line may come in pieces', async () => {
  const { ask, type, input, shows } = atTerminal()
  const answer = ask(knock, open())
  await type('\n')
  await shows('then Enter', 2)
  input.write('yes\n')
  await shows('then Enter', 3)
  input.write('a')
  input.write('lways')
  input.write('\n')
  assert.equal(await answer, 'always')
})

test('knock prompt: one question at a time, and what was typed for one never answers the next', async () => {
  const { ask, type, input, shows, shown, clock } = atTerminal()
  const withdrawal = new AbortController()
  const first = ask(knock, withdrawal.signal)
  const second = ask({ ...knock, visitor: '192.0.2.8' }, open())
  await shows('192.0.2.7 knocks')
  assert.ok(!shown().includes('192.0.2.8'))
  // The first visitor leaves while a person types its answer.
  withdrawal.abort()
  assert.equal(await first, undefined)
  await shows('192.0.2.8 knocks')
  clock.advance(leastThinkingMs - 1)
  input.write('a\n')
  await shows('too quick')
  await type('d\n', '192.0.2.8')
  assert.equal(await second, 'deny')
})

test('knock prompt: a question that was withdrawn before its turn is not shown', async () => {
  const { ask, type, shown } = atTerminal()
  const withdrawal = new AbortController()
  const first = ask(knock, open())
  const second = ask({ ...knock, visitor: '192.0.2.8' }, withdrawal.signal)
  withdrawal.abort()
  await type('o\n')
  assert.equal(await first, 'once')
  assert.equal(await second, undefined)
  assert.ok(!shown().includes('192.0.2.8'))
})

test('knock prompt: nobody is there once the terminal has ended, nor in the background', async () => {
  const { ask, input, shows, shown } = atTerminal()
  const answer = ask(knock, open())
  await shows('knocks')
  input.end()
  assert.equal(await answer, undefined)
  assert.equal(await ask(knock, open()), undefined)
  assert.equal(shown().split('knocks').length, 2)
  const away = atTerminal()
  away.goToBackground()
  assert.equal(await away.ask(knock, open()), undefined)
  assert.equal(away.shown(), '')
})

test('foreground: the process group of the terminal is ours, or there is none', () => {
  const stat = (terminalGroup: number) => `42 (a) (b c) S 1 42 42 34816 ${terminalGroup} 4194304 0`
  assert.equal(isForeground(stat(42)), true)
  assert.equal(isForeground(stat(41)), false)
  assert.equal(isForeground(stat(-1)), true)
  assert.equal(isForeground(''), true)
})
