// Every example runs by the one command in its first line, and shows what it is about.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { repositoryRoot, runCommand } from '../support/run-program.ts'

/** Runs the first line of an example; its output by lines. */
async function run(path: string): Promise<readonly string[]> {
  const [firstLine = ''] = readFileSync(join(repositoryRoot, 'examples', path), 'utf8').split('\n')
  const [command, ...args] = firstLine.replace(/^\/\/ /, '').split(' ')
  assert.equal(command, 'node')
  assert.equal(args.at(-1), `examples/${path}`)
  await using program = runCommand(process.execPath, args, { cwd: repositoryRoot })
  await program.expectExit(0, 40_000)
  return program.stdout.all
}

test('example two-agents-one-pool: visits go in turn, and all to the one that is left', async () => {
  const lines = await run('two-agents-one-pool.ts')
  const served = lines.filter((line) => line.startsWith('served by ')).map((line) => line.slice(10))
  const [first = '', second = ''] = served
  assert.deepEqual(new Set([first, second]), new Set(['red', 'green']))
  assert.deepEqual(served, [first, second, first, second, 'green', 'green'])
})

test('example database-over-tcp: its client is answered over the tunnel', async () => {
  const lines = await run('database-over-tcp.ts')
  assert.deepEqual(lines.slice(1), [
    'PING → +PONG',
    'SET colour blue → +OK',
    'GET colour → $4 blue',
  ])
})

test("example passthrough-own-certificate: the visitor sees the origin's certificate", async () => {
  const lines = await run('passthrough-own-certificate.ts')
  assert.ok(lines.includes('certificate of DNS:private.example.test'), lines.join('\n'))
  assert.ok(lines.includes('only the origin and you can read this'))
})

test('example embedded-in-http-server: it is published and listens nowhere', async () => {
  const lines = await run('embedded-in-http-server.ts')
  assert.match(lines[0] ?? '', /^published as https:\/\/.*, listening: false$/)
  assert.equal(lines[1], 'hello from inside the program: /greeting')
})

test('example privacy-policy: hashes match, one kill loses nothing, each refusal says why', async () => {
  const lines = await run('privacy-policy/main.ts')
  const last = (id: string) => lines.findLast((line) => line.startsWith(`client ${id}: `))
  for (const id of ['1', '2', '3', '4', '5', '6']) {
    assert.equal(last(id), `client ${id}: Hash matched.`)
  }
  assert.equal(last('7'), 'client 7: Unknown privacy policy 999')
  assert.equal(last('8'), 'client 8: Every server of privacy policy 111 is dead')

  const asked = lines.filter((line) => line.includes('Received a data message from server id'))
  const ids = asked.map((line) => / id (\d+) /.exec(line)?.[1])
  assert.deepEqual(ids, ['100', '200', '100', '200', '200', '200'])
  const sha1 = createHash('sha1').update('xyz2').digest('hex')
  assert.equal(sha1, 'fc7516b5c665d88cb7c39802367bb25a9c24bb47')
  assert.ok(lines.includes(`revproc: Received a data message from server id 200 payload ${sha1}`))
  assert.ok(lines.includes('server 100: Successfully setup with reverse proxy'))
  assert.ok(
    lines.some((line) => /^revproc: \{'111': \[\[100, '127\.0\.0\.1', \d+, True\]/.test(line)),
  )
})
