import assert from 'node:assert/strict'
import { test } from 'node:test'
import { processTree } from './proc.ts'
import { Processes } from './processes.ts'

const place = { prefix: [] }

function start(processes: Processes, script: string) {
  return processes.start({ name: 'sh', argv: ['sh', '-c', script], place })
}

test('processes: an end takes the children along', async () => {
  const processes = new Processes({ PATH: process.env['PATH'] })
  const running = start(processes, 'sleep 60 & echo started; wait')
  await running.until('started', 5_000, () => running.stdout.includes('started'))
  const [, child = 0] = processTree(running.pid)
  assert.ok(child > 0)
  await processes.stopAll()
  // A killed child stays a zombie until init reaps it: signal 0 would still reach it.
  assert.deepEqual(processTree(running.pid), [running.pid])
  assert.equal(running.hasEnded, true)
})

test('processes: a program that ends while it is waited for is an error with its words', async () => {
  const processes = new Processes({ PATH: process.env['PATH'] })
  const running = start(processes, 'echo address taken >&2; exit 3')
  await assert.rejects(
    running.listening(1),
    /^Error: sh ended before listening on 1: address taken$/,
  )
})

test('processes: a status other than 0 fails a run; a program that is absent says so', async () => {
  const processes = new Processes({ PATH: process.env['PATH'] })
  const spec = (...argv: readonly string[]) => ({ name: argv[0] ?? '', argv, place })
  await assert.rejects(processes.run(spec('sh', '-c', 'echo no; exit 1'), 5_000), /sh failed: no/)
  await assert.rejects(processes.run(spec('/nonexistent/x'), 5_000), /ENOENT/)
  assert.equal(await processes.run(spec('sh', '-c', 'printf yes'), 5_000), 'yes')
})

test('processes: a program that does not end in time is an error', async () => {
  const processes = new Processes({ PATH: process.env['PATH'] })
  const spec = { name: 'sleeper', argv: ['sleep', '60'], place }
  await assert.rejects(processes.run(spec, 50), /sleeper did not end within 0.05 s/)
})
