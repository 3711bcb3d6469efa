// A fake AWS whose instances run: each becomes a ProcessMachine when it is launched, its public
// addresses lead to it, and it ends with it.
import { connect, createServer, type Server } from 'node:net'
import { startFakeAws, type FakeAws } from '../fake-aws/fake-aws.ts'
import type { Address, Instance, WorldOptions } from '../fake-aws/world.ts'
import { ProcessMachine } from './process-machine.ts'

/** What an instance is here. */
export interface Machine {
  /** The first boot; may settle before it is over where nothing tells. */
  boot(): Promise<void>
  /** What its console has shown. */
  console(): string
  dispose(): void
}

export interface ProcessCloud<One extends Machine = ProcessMachine> extends AsyncDisposable {
  readonly fake: FakeAws
  readonly machines: ReadonlyMap<string, One>
  /** Settled once the first boot of every machine so far is over. */
  booted(): Promise<void>
  /** Called for each chunk between outside and a machine, before it is passed on. */
  onTraffic: (to: 'machine' | 'outside') => void
}

export interface ProcessCloudOptions extends Partial<WorldOptions> {
  /** The relay's port: what the addresses translate. */
  readonly port: number
}

export function startProcessCloud(options: ProcessCloudOptions): Promise<ProcessCloud> {
  return startMachineCloud(
    options,
    (instance) =>
      new ProcessMachine({ userData: instance.userData, address: instance.machineAddress }),
  )
}

export async function startMachineCloud<One extends Machine>(
  options: ProcessCloudOptions,
  createMachine: (instance: Instance) => One,
): Promise<ProcessCloud<One>> {
  // No name of AWS's resolves to a loopback address: these instances go by their address.
  const fake = await startFakeAws({ hasPublicNames: false, ...options })
  const machines = new Map<string, One>()
  const boots: Promise<void>[] = []
  const translations = new Map<string, Server>()

  fake.world.onBoot = (instance: Instance) => {
    const machine = createMachine(instance)
    machines.set(instance.id, machine)
    const boot = machine.boot()
    boot.catch(() => {})
    boots.push(boot)
    if (instance.ownAddress !== undefined) translate(instance.ownAddress, instance.machineAddress)
  }
  fake.world.onEnd = (instance: Instance) => {
    instance.console = machines.get(instance.id)?.console() ?? ''
    machines.get(instance.id)?.dispose()
    if (instance.ownAddress !== undefined) stop(instance.ownAddress)
  }
  fake.world.onAddress = (address: Address) => {
    stop(address.publicAddress)
    const instance = fake.world.instances.find((one) => one.id === address.instanceId)
    if (instance !== undefined) translate(address.publicAddress, instance.machineAddress)
  }

  /** One-to-one network address translation, the way a public address reaches an instance. */
  function translate(from: string, to: string): void {
    const gate = createServer({ allowHalfOpen: true }, (outside) => {
      const inside = connect({ host: to, port: options.port, allowHalfOpen: true })
      outside.on('error', () => inside.destroy())
      inside.on('error', () => outside.resetAndDestroy())
      outside.on('data', () => cloud.onTraffic('machine'))
      inside.on('data', () => cloud.onTraffic('outside'))
      outside.pipe(inside).pipe(outside)
    })
    gate.on('error', () => {})
    gate.listen(options.port, from)
    translations.set(from, gate)
  }

  function stop(address: string): void {
    translations.get(address)?.close()
    translations.delete(address)
  }

  const cloud: ProcessCloud<One> = {
    fake,
    machines,
    onTraffic: () => {},
    async booted() {
      await Promise.all(boots)
    },
    async [Symbol.asyncDispose]() {
      for (const address of Array.from(translations.keys())) stop(address)
      await Promise.allSettled(boots)
      for (const machine of machines.values()) machine.dispose()
      await fake[Symbol.asyncDispose]()
    },
  }
  return cloud
}
