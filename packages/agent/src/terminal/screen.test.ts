// Who gets the status block, and who plain lines.
import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { FakeClock } from '../../../../test/support/fake-clock.ts'
import { Agent } from '../agent.ts'
import { type ScreenOptions, openScreen } from './screen.ts'
import { generateAgentKey, computePin, parseRouteUrl } from '@sallyport/protocol'

function rig(
  env: Readonly<Record<string, string>>,
  options: Partial<ScreenOptions> & { readonly isTTY?: boolean } = {},
) {
  let output = ''
  const { isTTY = true, ...rest } = options
  const signals = new EventEmitter()
  const stderr = Object.assign(new EventEmitter(), {
    isTTY,
    columns: 80,
    rows: 40,
    write: (text: string) => {
      output += text
    },
  })
  const screen = openScreen({
    host: {
      env: { TERM: 'xterm', ...env },
      stderr,
      on: (signal, listener) => signals.on(signal, listener),
      off: (signal, listener) => signals.off(signal, listener),
    },
    clock: new FakeClock(),
    isForMachines: false,
    hasQr: false,
    isForeground: () => Promise.resolve(true),
    ...rest,
  })
  const agent = new Agent({
    join: {
      host: 'relay.test',
      port: 443,
      pin: computePin(Buffer.from('x')),
      key: generateAgentKey(),
    },
    routes: [{ url: parseRouteUrl('https:', 'url'), origin: { kind: 'tcp', host: 'h', port: 1 } }],
    channelTimeoutSeconds: 1,
    connections: 1,
    retry: true,
    software: 'test/1',
  })
  return { screen, agent, signals, stderr, output: () => output }
}

test('screen: a terminal has the block, and nothing is left of it in the end', () => {
  const { screen, agent, signals, stderr, output } = rig({})
  screen.show(agent)
  screen.print('agent: a line')
  assert.match(stripVTControlCharacters(output()), /● connecting/)
  assert.ok(screen.tap)
  screen[Symbol.dispose]()
  assert.match(output(), /agent: a line\n/)
  assert.equal(signals.listenerCount('SIGCONT') + stderr.listenerCount('resize'), 0)
})

const plain: readonly (readonly [string, Parameters<typeof rig>])[] = [
  ['NO_COLOR', [{ NO_COLOR: '1' }]],
  ['CI', [{ CI: 'true' }]],
  ['TERM=dumb', [{ TERM: 'dumb' }]],
  ['no TERM', [{ TERM: '' }]],
  ['no terminal', [{}, { isTTY: false }]],
  ['lines for machines', [{}, { isForMachines: true }]],
]
for (const [what, args] of plain) {
  test(`screen: ${what} means plain lines`, () => {
    const { screen, agent, output } = rig(...args)
    screen.show(agent)
    screen.print('agent: a line')
    screen[Symbol.dispose]()
    assert.equal(output(), 'agent: a line\n')
    assert.equal(screen.tap, undefined)
  })
}

test('screen: empty NO_COLOR and CI=false are no wishes', () => {
  for (const env of [{ NO_COLOR: '' }, { CI: 'false' }, { CI: '0' }]) {
    assert.ok(rig(env).screen.tap, JSON.stringify(env))
  }
})
