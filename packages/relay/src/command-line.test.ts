import assert from 'node:assert/strict'
import test from 'node:test'
import { parseCommandLine } from './command-line.ts'
import { help } from './help.ts'
import { settingsTable } from './settings.ts'

const words = (line: string): string[] => (line === '' ? [] : line.split(' '))
const parse = (line: string) => parseCommandLine(words(line))

test('command line: each documented command is read', () => {
  for (const [line, command] of [
    ['', { do: 'serve' }],
    ['serve --dir D --listen :1 --admin 127.0.0.1:1 --http :80', { do: 'serve' }],
    ['--dir D --tcp-ports 1-2 -v', { do: 'serve' }],
    ['init --dir D --host h --listen :1 --tcp-ports 1-2', { do: 'init' }],
    ['agents add laptop --dir D --allow *', { do: 'add', name: 'laptop' }],
    ['agents --dir D add laptop', { do: 'add', name: 'laptop' }],
    ['agents ls --json', { do: 'list' }],
    ['agents rm laptop', { do: 'remove', name: 'laptop' }],
    ['check', { do: 'check' }],
    ['--help', { do: 'help' }],
    ['init -h', { do: 'help' }],
    ['--version', { do: 'version' }],
  ] as const) {
    assert.deepEqual(parse(line).command, command, line)
  }
})

test('command line: what is wrong is named in one line', () => {
  for (const [line, named] of [
    ['start', /"start" is no command/],
    ['init extra', /"extra" is one word too many/],
    ['agents', /agents is no command/],
    ['agents list', /"list"/],
    ['agents add', /needs a NAME/],
    ['agents add a b', /"b" is one word too many/],
    ['agents ls a', /"a" is one word too many/],
    ['--port 3', /--port/],
    ['--dir', /--dir/],
    ['--json=yes', /--json/],
    ['init --allow *', /--allow does not belong/],
    ['agents ls --listen :1', /--listen does not belong/],
  ] as const) {
    assert.throws(
      () => parse(line),
      ({ code, message }: { code: string; message: string }) =>
        code === 'SP_USAGE' && named.test(message) && !message.includes('\n'),
      line,
    )
  }
})

test('command line: the help names every flag, in lines of a terminal', () => {
  for (const { flag } of Object.values(settingsTable)) assert.ok(help.includes(`--${flag}`), flag)
  for (const line of help.split('\n')) assert.ok(line.length <= 90, line)
})
