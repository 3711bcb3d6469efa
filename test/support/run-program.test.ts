import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import test from 'node:test'
import { runCommand, runScript } from './run-program.ts'
import { temporaryDirectory } from './temporary-directory.ts'

const node = (code: string) => runCommand(process.execPath, ['-e', code])

test('run program: gives lines, events and the exit code', async () => {
  await using program = node(`
    console.log('first'); console.log('{"v":1,"event":"ready","url":"x"}'); console.error('odd')
    process.stdin.once('data', () => process.exit(7))`)
  assert.equal(await program.line(/^fir/), 'first')
  assert.deepEqual(await program.event('ready'), { v: 1, event: 'ready', url: 'x' })
  assert.equal(await program.errorLine('odd'), 'odd')
  program.stdin.write('go')
  await program.expectExit(7)
  assert.deepEqual(program.stdout.all, ['first', '{"v":1,"event":"ready","url":"x"}'])
})

test('run program: a wait that fails says what was printed instead', async () => {
  await using program = node(`console.log('one'); console.error('two'); process.exitCode = 1`)
  await assert.rejects(program.event('ready'), (error: Error) => {
    assert.match(error.message, /^the output ended without event 'ready' on stdout\n/)
    assert.match(error.message, /\n {2}stdout: one\n {2}stderr: two$/)
    return true
  })
  await assert.rejects(program.expectExit(0), /^Error: exited with 1, not 0\n/)
})

test('run program: tells a signal from an exit code', async () => {
  await using program = node(`console.log('up'); setInterval(() => {}, 1000)`)
  await program.line('up')
  program.signal('SIGTERM')
  await program.expectExit('SIGTERM')
})

test('run program: disposal ends a program that ignores SIGTERM', async () => {
  const program = node(
    `process.on('SIGTERM', () => {}); console.log('up'); setInterval(() => {}, 1000)`,
  )
  await program.line('up')
  await program[Symbol.asyncDispose]()
  assert.deepEqual(await program.exited, { code: null, signal: 'SIGKILL' })
})

test('run program: a program that does not exist is said so', async () => {
  await using program = runCommand('/nonexistent/program', [])
  await assert.rejects(program.exited, /ENOENT/)
})

test('run program: passes on no variable that was not given', async () => {
  process.env['SALLYPORT_JOIN'] = 'of the test'
  try {
    await using program = runCommand(process.execPath, ['-p', 'Object.keys(process.env).join()'], {
      env: { GIVEN: '1' },
    })
    await program.expectExit(0)
    const names = program.stdout.text.split(',')
    assert.ok(names.includes('GIVEN') && !names.includes('SALLYPORT_JOIN'), program.stdout.text)
    assert.ok(!names.includes('NODE_TEST_CONTEXT'), program.stdout.text)
  } finally {
    delete process.env['SALLYPORT_JOIN']
  }
})

test('run program: scripts run from the sources, packages resolving to theirs', async () => {
  await using directory = await temporaryDirectory()
  const script = directory.join('where.ts')
  await writeFile(
    script,
    `console.log(process.execArgv.join(' '), process.argv.slice(2).join(' '))`,
  )
  await using program = runScript(script, ['--env-file', 'x'], { nodeFlags: ['--trace-warnings'] })
  await program.expectExit(0)
  assert.equal(program.stdout.text, '--conditions=@sallyport/source --trace-warnings --env-file x')
})
