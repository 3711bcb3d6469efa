// The journey on a machine that boots: cloud-init carries out the very user-data (only the mirror's
// address is an input), systemd runs stage 0 and the hardened relay, an ssh server that is installed
// does not answer, power is cut once, and the provisioner ends it.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import test from 'node:test'
import { runProgram as provisioner } from '../../packages/provisioner/src/program.ts'
import { buildRelayBundle } from '../../scripts/bundle.ts'
import { type DebianRoot, makeDebianRoot } from '../support/machine/debian-root.ts'
import { startMachineCloud } from '../support/machine/process-cloud.ts'
import { VirtualMachine } from '../support/machine/virtual-machine.ts'
import { requires } from '../support/requires.ts'
import { runProgram } from '../support/run-program.ts'
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts'
import { visitUrl, visitUrlWithin } from '../support/visit-url.ts'

const sshPort = 2222

/** The npm registry's archive of this Node: package/bin/node. */
async function startMirror(directory: TemporaryDirectory) {
  mkdirSync(directory.join('package/bin'), { recursive: true })
  symlinkSync(process.execPath, directory.join('package/bin/node'))
  const archive = directory.join('node.tgz')
  const tar = ['-chf', '-', '-C', directory.path, 'package']
  execFileSync('sh', ['-c', 'tar "$@" | gzip -1 >"$0"', archive, ...tar])
  const asked: string[] = []
  const mirror = createServer((request, response) => {
    asked.push(request.url ?? '')
    createReadStream(archive).pipe(response)
  }).listen(0, '127.0.0.1')
  await once(mirror, 'listening')
  return { port: (mirror.address() as AddressInfo).port, asked, mirror }
}

/** What a port says first; '' when it refuses or hangs up. */
function greeting(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    let said = ''
    const socket = connect({ host, port })
    socket.setTimeout(10_000, () => socket.destroy())
    socket.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      socket.destroy()
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(said))
  })
}

/** cloud-init's own judgement of a cloud-config. */
function checkSchema(root: DebianRoot, userData: string): string {
  writeFileSync(`${root.directory}/run/user-data`, userData)
  const result = spawnSync(
    'chroot',
    [root.directory, 'cloud-init', 'schema', '--config-file', '/run/user-data'],
    { encoding: 'utf8' },
  )
  return result.stdout + result.stderr
}

test(
  'vm: up, agent connect, a visit, a power cut, down, on a machine that boots',
  requires('qemu', 'mmdebstrap', 'nc'),
  async (context) => {
    const root = makeDebianRoot()
    await using directory = await temporaryDirectory()
    const bundle = directory.join('relay-bundle.mjs')
    await buildRelayBundle(bundle)
    const { port: mirrorPort, asked, mirror } = await startMirror(directory)
    await using cloud = await startMachineCloud({ port: 443 }, (instance): VirtualMachine => {
      const { id, userData, machineAddress: address } = instance
      const onPowerOff = () => cloud.fake.world.end(instance)
      return new VirtualMachine({ root, id, userData, address, sshPort, mirrorPort, onPowerOff })
    })
    const env = {
      ...cloud.fake.env,
      SERVER_INFO: directory.join('server_info.json'),
      SALLYPORT_RELAY_BUNDLE: bundle,
      SALLYPORT_NODE_MIRRORS: 'http://169.254.169.253/node-linux-{arch}.tgz',
      SALLYPORT_POLL_SECONDS: '0.2',
      // Emulated, it takes minutes where EC2 takes seconds.
      SALLYPORT_CLAIM_SECONDS: '600',
    }
    const told: string[] = []
    const finish = async (command: string, more: Record<string, string> = {}): Promise<void> => {
      const tell = (line: string): void =>
        void told.push(line.replace(/sallyport:.*/, 'join string'))
      const output = { out: tell, error: tell }
      const began = performance.now()
      const { signal } = context
      const code = await provisioner({ args: [command], env: { ...env, ...more }, output, signal })
      const [machine] = cloud.machines.values()
      assert.equal(code, 0, `${told.join('\n')}\n${machine?.console().slice(-8_000) ?? ''}`)
      context.diagnostic(`${command}: ${Math.round((performance.now() - began) / 1_000)} s`)
    }
    const origin = createServer((_, response) => response.end('hello from home'))
    origin.listen(0, '127.0.0.1')
    await once(origin, 'listening')
    try {
      await finish('up')
      const [instance] = cloud.fake.world.instances
      const [machine] = cloud.machines.values()
      if (instance === undefined || machine === undefined) {
        return assert.fail('nothing was launched')
      }
      assert.match(checkSchema(root, instance.userData), /^Valid cloud-config/m)
      assert.deepEqual(asked, ['/node-linux-x64.tgz'])
      assert.deepEqual(machine.refusedQuestions, [])

      await using agent = runProgram(
        'agent',
        ['connect', String((origin.address() as AddressInfo).port), '--json'],
        { env: { SALLYPORT_JOIN_FILE: directory.join('server_info.join') } },
      )
      const url = String((await agent.event('ready', 60_000))['url'])
      assert.equal(url, `https://${instance.ownAddress ?? ''}`)
      assert.equal(await visitUrl(url), 'hello from home')
      assert.equal(await greeting(instance.machineAddress, sshPort), '', 'nobody answers as ssh')

      // The hardened unit may do what an upgrade needs: a launcher of root's, files of the relay's.
      const second = directory.join('second.mjs')
      writeFileSync(second, `${readFileSync(bundle, 'utf8')}\n// second\n`)
      await finish('upgrade', { SALLYPORT_RELAY_BUNDLE: second })
      assert.equal(await visitUrlWithin(url, 300_000), 'hello from home')

      await machine.reset()
      const began = performance.now()
      assert.equal(await visitUrlWithin(url, 600_000), 'hello from home')
      context.diagnostic(
        `back after a power cut: ${Math.round((performance.now() - began) / 1_000)} s`,
      )
      assert.equal(await greeting(instance.machineAddress, sshPort), '', 'nor after the reboot')
      assert.equal(asked.length, 1, 'Node was fetched once')
      await finish('status')
      assert.match(told.join('\n'), /^relay +bundle 1, SHA-256 /m)

      await finish('down')
      assert.deepEqual(cloud.fake.world.remaining(), [])
    } finally {
      origin.closeAllConnections()
      origin.close()
      mirror.closeAllConnections()
      mirror.close()
    }
  },
)
