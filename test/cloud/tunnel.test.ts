// The Tunnel API against the fake cloud, with the old system's `.env`.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import test from 'node:test'
import { isSallyportError } from '@sallyport/protocol'
import { Tunnel } from '@sallyport/provisioner'
import { buildRelayBundle } from '../../scripts/bundle.ts'
import { startCloudWorld } from '../support/cloud-world.ts'
import { repositoryRoot, runScript } from '../support/run-program.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { visitUrl } from '../support/visit-url.ts'

const build = await temporaryDirectory()
process.once('exit', () => rmSync(build.path, { recursive: true, force: true }))
const bundle = build.join('relay-bundle.mjs')
await buildRelayBundle(bundle)

async function startOrigin() {
  const origin = createServer((_, response) => response.end('hello from home'))
  origin.listen(0, '127.0.0.1')
  await once(origin, 'listening')
  return {
    port: (origin.address() as AddressInfo).port,
    [Symbol.dispose]() {
      origin.closeAllConnections()
      origin.close()
    },
  }
}

test('tunnel: the example runs from the old system’s .env, and Ctrl-C removes everything', async () => {
  await using world = await startCloudWorld({ env: { SALLYPORT_RELAY_BUNDLE: bundle } })
  using origin = await startOrigin()
  const { AWS_ACCESS_KEY, AWS_SECRET_KEY, SERVER_INFO: _, ...env } = world.env
  writeFileSync(
    world.directory.join('.env'),
    [
      `PORT=${origin.port}`,
      'OPEN_PORT=False',
      'CHANNEL_TIMEOUT=30',
      `AWS_ACCESS_KEY='${AWS_ACCESS_KEY ?? ''}'`,
      `AWS_SECRET_KEY="${AWS_SECRET_KEY ?? ''}"`,
      'AWS_REGION_NAME=US-WEST-2',
      'KEY_PAIR=expose_localhost',
    ].join('\n'),
  )
  await using example = runScript(`${repositoryRoot}/examples/tunnel.ts`, [], {
    cwd: world.directory.path,
    env,
  })
  const url = await example.line(/^https:/, 30_000)
  assert.equal(await visitUrl(url), 'hello from home')
  example.signal('SIGINT')
  await example.expectExit(0, 20_000)
  assert.deepEqual(world.fake.world.remaining(), [])
})

test('tunnel: OPEN_PORT opens the port itself, and a second start goes on with what stands', async () => {
  await using world = await startCloudWorld({ env: { SALLYPORT_RELAY_BUNDLE: bundle } })
  using origin = await startOrigin()
  const settings = { PORT: String(origin.port), OPEN_PORT: 'True', CHANNEL_TIMEOUT: '30' }
  await using tunnel = new Tunnel({ env: { ...world.env, ...settings } })
  for (const start of ['first', 'second']) {
    const { url } = await tunnel.start()
    assert.equal(await visitUrl(url), 'hello from home', start)
    // Raw bytes, at the machine's own address: the stand-in's public one leads to the relay's port alone.
    const [instance] = world.live()
    const open = await fetch(`http://${instance?.machineAddress ?? ''}:${origin.port}/`, {
      headers: { connection: 'close' },
    })
    assert.equal(await open.text(), 'hello from home', start)
  }
  assert.equal(world.fake.world.instances.length, 1)
  await tunnel.stop()
  assert.deepEqual(world.fake.world.remaining(), [])
})

test('tunnel: a port that is taken on the machine is told, and purge removes what was made', async () => {
  await using world = await startCloudWorld({ env: { SALLYPORT_RELAY_BUNDLE: bundle } })
  using origin = await startOrigin()
  const others: Server[] = []
  const { onBoot } = world.fake.world
  world.fake.world.onBoot = (instance) => {
    others.push(createServer().listen(origin.port, instance.machineAddress).unref())
    onBoot(instance)
  }
  const env = { ...world.env, PORT: String(origin.port), OPEN_PORT: 'True' }
  await using tunnel = new Tunnel({ env })
  await assert.rejects(tunnel.start({ purge: true }), (error) => {
    assert.ok(isSallyportError(error))
    assert.equal(error.code, 'SP_PORT_TAKEN')
    assert.match(
      error.message,
      new RegExp(`:${origin.port}: .*; another program has it: take another`),
    )
    return true
  })
  for (const one of others) one.close()
  assert.equal(others.length, 1)
  assert.deepEqual(world.fake.world.remaining(), [])
})

test('tunnel: a set-up that fails is removed with purge, and kept for a re-run without', async () => {
  await using world = await startCloudWorld()
  const fault = { action: 'RunInstances', code: 'VcpuLimitExceeded' }
  world.fake.faults.push(fault)
  const tunnel = new Tunnel({ env: world.env, target: 3000 })
  const isQuota = (error: unknown) => isSallyportError(error) && error.code === 'SP_AWS_QUOTA'
  await assert.rejects(tunnel.start(), isQuota)
  assert.equal(world.fake.world.groups.length, 1)
  await assert.rejects(tunnel.start({ purge: true }), isQuota)
  assert.deepEqual(world.fake.world.remaining(), [])
})

test('tunnel: without PORT and target it is refused before anything is made', () => {
  assert.throws(() => new Tunnel({ env: {} }), /PORT is missing/)
})
