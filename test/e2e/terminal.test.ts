// The agent on a real terminal: a block that stays put, is right after a change of size, and leaves
// nothing behind; plain lines where there is no terminal, or where nobody wants more.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { formatJoinString } from '@sallyport/protocol'
import { deadline } from '../support/deadline.ts'
import { startServer } from '../support/http-server.ts'
import { type InProcessRelay, startInProcessRelay } from '../support/in-process-relay.ts'
import { joinOf } from '../support/joined-agent.ts'
import { runOnTerminal } from '../support/pty-program.ts'
import { requires } from '../support/requires.ts'
import { visitUrl } from '../support/visit-url.ts'

const entry = 'packages/agent/src/cli.ts'
const joinEnv = (relay: InProcessRelay) => ({
  SALLYPORT_JOIN: formatJoinString(joinOf(relay)).reveal(),
})
const argsFor = (port: number, ...more: string[]): string[] => [
  'connect',
  String(port),
  '--url',
  'https://127.0.0.1',
  '--web-addr',
  'off',
  ...more,
]
const has =
  (pattern: RegExp) =>
  (lines: readonly string[]): boolean =>
    lines.some((line) => pattern.test(line))

test(
  'terminal: the block stays below, follows visits and sizes, and goes at the end',
  requires('script'),
  async () => {
    await using origin = await startServer((_request, response) => response.end('hello'))
    await using relay = await startInProcessRelay()
    await using agent = runOnTerminal(entry, argsFor(origin.port), { env: joinEnv(relay) })
    await agent.shows('online', has(/^● online/))
    const url = `https://127.0.0.1:${relay.port}`
    for (let visit = 0; visit < 20; visit++) await visitUrl(`${url}/visit-${visit}?\u001b[2J`)
    await agent.shows('the last request', has(/^GET +\/visit-19\?%1B\[2J +200 +\d.* ms$/))
    await agent.shows('all visits counted', has(/0 visitors now, 20 before/))
    const lines = await agent.terminal.lines()
    assert.equal(lines.filter((line) => line.startsWith('●')).length, 1, lines.join('\n'))
    assert.equal(lines.filter((line) => line.startsWith('GET')).length, 8, 'the last eight')

    await agent.resize(50, 20)
    await agent.shows('the narrower block', has(/^GET +\/visit-19.* 200 +\d.{0,6} ms$/))
    await agent.resize(100, 30)
    await visitUrl(`${url}/after`)
    await agent.shows('a request after it', has(/^GET +\/after {40,}/))
    const resized = await agent.terminal.lines()
    assert.equal(resized.filter((line) => line.startsWith('●')).length, 1, resized.join('\n'))

    agent.type('\u0003')
    assert.equal(await deadline(agent.exited, 30_000, 'exit'), 0)
    await agent.shows('the last line', has(/^agent: ended$/))
    const rest = await agent.terminal.lines()
    assert.ok(!rest.some((line) => line.startsWith('●') || line.startsWith('GET')), rest.join('\n'))
    assert.equal(agent.terminal.cursor.column, 0)
    assert.equal(agent.terminal.cursor.row, rest.length, 'below the last line')
  },
)

test('terminal: plain lines for who wants no colours', requires('script'), async () => {
  await using relay = await startInProcessRelay()
  await using agent = runOnTerminal(entry, argsFor(9), {
    env: { ...joinEnv(relay), NO_COLOR: '1' },
  })
  await agent.shows('ready', has(/^agent: https:.* → localhost:9$/))
  agent.type('\u0003')
  assert.equal(await deadline(agent.exited, 30_000, 'exit'), 0)
  assert.equal(stripVTControlCharacters(agent.output), agent.output)
})

test('terminal: --qr shows the address', requires('script'), async () => {
  await using relay = await startInProcessRelay()
  const options = { env: joinEnv(relay), rows: 40 }
  await using agent = runOnTerminal(entry, argsFor(9, '--qr'), options)
  await agent.shows('the code', has(/^ *[█▀▄ ]{20,}$/))
  assert.ok(agent.output.includes('\u001b[30;107m'), 'black on white')
})
