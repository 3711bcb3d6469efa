// moto, the Python stand-in for AWS, as an independent judge of our own fake.
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { writeFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { fakeKeys } from './fake-aws/fake-aws.ts'
import type { Image } from './fake-aws/world.ts'
import { programPath } from './requires.ts'
import { runCommand, type Program } from './run-program.ts'
import { temporaryDirectory } from './temporary-directory.ts'

export interface Moto extends AsyncDisposable {
  readonly env: Record<string, string>
  readonly program: Program
}

/** Images in the form of moto's catalogue. Without dates, which moto 5.2 reads once per region from
 * what it has read already, and fails: so there is one per architecture. */
function catalogue(images: readonly Image[]): string {
  return JSON.stringify(
    images.map((one) => ({
      ami_id: one.id,
      name: one.name,
      owner_id: one.owner,
      architecture: one.architecture,
      description: '',
      hypervisor: 'xen',
      image_location: '',
      image_type: 'machine',
      platform: null,
      public: true,
      root_device_name: '/dev/sda1',
      root_device_type: 'ebs',
      sriov: 'simple',
      state: 'available',
      virtualization_type: 'hvm',
    })),
  )
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

export async function startMoto(images: readonly Image[]): Promise<Moto> {
  const directory = await temporaryDirectory()
  writeFileSync(directory.join('amis.json'), catalogue(images))
  const port = await freePort()
  const program = runCommand(programPath('moto'), ['-H', '127.0.0.1', '-p', String(port)], {
    env: { MOTO_AMIS_PATH: directory.join('amis.json') },
  })
  const endpoint = `http://127.0.0.1:${port}`
  const until = performance.now() + 30_000
  while (!(await answers(endpoint))) {
    if (performance.now() > until) throw new Error(`moto did not start: ${program.stderr.text}`)
    await delay(100)
  }
  return {
    program,
    env: {
      AWS_ENDPOINT_URL_EC2: endpoint,
      AWS_ENDPOINT_URL_ROUTE_53: endpoint,
      SALLYPORT_POLL_SECONDS: '0.01',
      NODE_TEST_CONTEXT: 'test',
      ...fakeKeys,
    },
    async [Symbol.asyncDispose]() {
      await program[Symbol.asyncDispose]()
      await directory[Symbol.asyncDispose]()
    },
  }
}

async function answers(endpoint: string): Promise<boolean> {
  return fetch(`${endpoint}/moto-api/`).then(
    (response) => response.ok,
    () => false,
  )
}
