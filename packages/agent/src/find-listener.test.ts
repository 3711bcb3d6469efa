import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { parseTarget } from '@sallyport/protocol'
import { temporaryDirectory } from '../../../test/support/temporary-directory.ts'
import { findListener } from './find-listener.ts'

const listensAt = (target: string): Promise<boolean | undefined> =>
  findListener(parseTarget(target, 'target'))

/** A listener that fails the test when anybody dials it. */
async function listener(host: string): Promise<AsyncDisposable & { port: number }> {
  const server = createServer(() => assert.fail('it was dialled'))
  server.listen(0, host)
  await once(server, 'listening')
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return {
    port: address.port,
    async [Symbol.asyncDispose]() {
      server.close()
      await once(server, 'close')
    },
  }
}

const cases: readonly (readonly [bound: string, dialled: string, found: boolean])[] = [
  ['127.0.0.1', '127.0.0.1', true],
  ['127.0.0.1', 'localhost', true],
  ['127.0.0.1', '[::1]', false],
  ['0.0.0.0', '127.0.0.1', true],
  ['0.0.0.0', 'localhost', true],
  ['::1', 'localhost', true],
  ['::1', '[::1]', true],
  ['::1', '127.0.0.1', false],
  ['::', 'localhost', true],
  ['::', '127.0.0.1', true],
  ['127.0.0.2', 'localhost', false],
]
for (const [bound, dialled, found] of cases) {
  const what = found ? 'is found' : 'is not found'
  test(`find listener: a listener on ${bound} ${what} at ${dialled}, undialled`, async () => {
    let port = 0
    {
      await using open = await listener(bound)
      port = open.port
      assert.equal(await listensAt(`${dialled}:${port}`), found)
    }
    assert.equal(await listensAt(`${dialled}:${port}`), false)
  })
}

test('find listener: says nothing of other machines', async () => {
  assert.equal(await listensAt('192.0.2.1:80'), undefined)
  assert.equal(await listensAt('example.test:80'), undefined)
})

test('find listener: a unix socket that is missing is known to be so', async () => {
  await using directory = await temporaryDirectory()
  const path = directory.join('s')
  assert.equal(await listensAt(`unix:${path}`), false)
  const server = createServer().listen(path)
  await once(server, 'listening')
  assert.equal(await listensAt(`unix:${path}`), undefined)
  server.close()
  await once(server, 'close')
})
