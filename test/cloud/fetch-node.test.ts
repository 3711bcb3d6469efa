// The script of user-data that fetches Node, run as it is, against mirrors that fail, lie and serve.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import { fetchNodeScript } from '../../packages/provisioner/src/bootstrap-files.ts'
import { requires } from '../support/requires.ts'
import { runCommand } from '../support/run-program.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

/** An archive with a bin/node of these bytes below `top`, as npm and nodejs.org make them. */
function archive(directory: string, top: string, content: Buffer): Buffer {
  mkdirSync(`${directory}/${top}/bin`, { recursive: true })
  writeFileSync(`${directory}/${top}/bin/node`, content)
  return execFileSync('tar', ['-czf', '-', '-C', directory, top])
}

async function fetchFrom(answers: readonly (Buffer | undefined)[], tries = 1) {
  const directory = await temporaryDirectory()
  const node = randomBytes(4_096)
  const asked: string[] = []
  const good = archive(directory.join('good'), 'package', node)
  const mirror = createServer((request, response) => {
    const index = Number(/^\/(\d+)/.exec(request.url ?? '')?.[1])
    asked.push(request.url ?? '')
    const answer = index === answers.length ? good : answers[index]
    if (answer === undefined) response.writeHead(503).end()
    else response.end(answer)
  }).listen(0, '127.0.0.1')
  await once(mirror, 'listening')
  const base = `http://127.0.0.1:${(mirror.address() as AddressInfo).port}`
  const sha256 = createHash('sha256').update(node).digest('hex')
  const script = fetchNodeScript({
    sha256: { x86_64: sha256, aarch64: sha256 },
    mirrors: Array.from(
      { length: answers.length + 1 },
      (_, index) => `${base}/${index}/{arch}.tgz`,
    ),
  })
  mkdirSync(directory.join('opt/sallyport'), { recursive: true })
  const env = {
    SALLYPORT_ROOT: directory.path,
    SALLYPORT_FETCH_TRIES: String(tries),
    SALLYPORT_FETCH_PAUSE: '0',
  }
  return { directory, node, asked, script, env, mirror }
}

test(
  'fetch: mirrors that fail or lie are passed over until one has the pinned Node',
  requires('curl'),
  async () => {
    const broken = Buffer.from('<html>not an archive</html>')
    await using scratch = await temporaryDirectory()
    const lie = archive(scratch.path, 'node-v24', Buffer.from('#!/bin/sh\necho stolen\n'))
    const world = await fetchFrom([undefined, broken, lie])
    await using directory = world.directory
    await using run = runCommand('sh', ['-c', world.script], { env: world.env })
    await run.expectExit(0)
    assert.deepEqual(readFileSync(directory.join('opt/sallyport/node')), world.node)
    assert.equal(world.asked.length, 4)
    assert.match(world.asked[0] ?? '', /^\/0\/(x64|arm64)\.tgz$/)
    assert.equal(run.stderr.all.filter((line) => line.includes('not the pinned Node')).length, 3)
    world.mirror.close()
  },
)

test('fetch: no mirror is good: nothing is installed, and it ends', requires('curl'), async () => {
  const world = await fetchFrom([])
  await using directory = world.directory
  // Another hash than that of what is served.
  const script = world.script.replaceAll(/hash=\w+/g, `hash=${'0'.repeat(64)}`)
  await using run = runCommand('sh', ['-c', script], {
    env: { ...world.env, SALLYPORT_FETCH_TRIES: '2' },
  })
  await run.expectExit(1)
  assert.throws(() => readFileSync(directory.join('opt/sallyport/node')), /ENOENT/)
  assert.equal(world.asked.length, 2)
  world.mirror.close()
})
