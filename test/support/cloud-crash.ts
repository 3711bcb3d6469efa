// A provisioner that is killed once AWS has done its n-th request, before it hears the answer: the
// worst moment, because something was made that nobody has written down.
import assert from 'node:assert/strict'
import type { CloudWorld } from './cloud-world.ts'
import { deadline } from './deadline.ts'

/** How many requests a command makes when nobody disturbs it, and their actions. */
export async function countCalls(world: CloudWorld, args: readonly string[]): Promise<string[]> {
  const before = world.fake.calls.length
  await world.finish(args)
  return world.fake.calls.slice(before).map((call) => call.action)
}

/** Runs the command and kills it at its n-th request; it may end before. */
export async function killAtCall(
  world: CloudWorld,
  args: readonly string[],
  n: number,
): Promise<void> {
  await signalAtCall(world, args, n, 'SIGKILL')
}

/** Ctrl-C at its n-th request: one line and 130, or, where nothing was left to do, the usual end. */
export async function interruptAtCall(
  world: CloudWorld,
  args: readonly string[],
  n: number,
): Promise<void> {
  assertInterrupted(await signalAtCall(world, args, n, 'SIGINT'))
}

interface Ended {
  readonly code: number | null
  readonly stderr: string
}

function assertInterrupted({ code, stderr }: Ended): void {
  if (code === 0) return
  assert.equal(code, 130, stderr)
  assert.match(stderr.trimEnd().split('\n').at(-1) ?? '', /^interrupted; .* run up .* or down /)
}

async function signalAtCall(
  world: CloudWorld,
  args: readonly string[],
  n: number,
  signal: 'SIGINT' | 'SIGKILL',
): Promise<Ended> {
  const before = world.fake.calls.length
  await using program = world.run(args)
  world.fake.onDone = (_, count) => {
    if (count - before === n) program.signal(signal)
  }
  try {
    const { code } = await deadline(program.exited, 60_000, 'end')
    return { code, stderr: program.stderr.text }
  } finally {
    world.fake.onDone = () => {}
  }
}

/** Runs the command and kills it at its first request of that name. */
export async function killAtAction(
  world: CloudWorld,
  args: readonly string[],
  action: string,
): Promise<void> {
  await using program = world.run(args)
  world.fake.onDone = (call) => {
    if (call.action === action) program.signal('SIGKILL')
  }
  await program.expectExit('SIGKILL', 20_000)
  world.fake.onDone = () => {}
}

/** Counts chunks from the instance's first answer on: dials before it are as many as time allows. */
function onChunk(world: CloudWorld, tell: (count: number) => void): void {
  let count = 0
  world.cloud.onTraffic = (to) => {
    if (count > 0 || to === 'outside') tell((count += 1))
  }
}

/** The chunk of an undisturbed `up` at which its instance was seen claimed. */
export async function chunkOfCommit(world: CloudWorld): Promise<number> {
  let commit = 0
  onChunk(world, (count) => {
    const [machine] = world.cloud.machines.values()
    if (commit === 0 && machine?.read('var/lib/sallyport/claimed') !== '') commit = count
  })
  await world.finish(['up'])
  world.cloud.onTraffic = () => {}
  return commit
}

/** Runs `up` and kills it at the n-th chunk that it and its instance exchange; it may end before. */
export async function killAtChunk(world: CloudWorld, n: number): Promise<void> {
  await signalAtChunk(world, n, 'SIGKILL')
}

/** The same with Ctrl-C. */
export async function interruptAtChunk(world: CloudWorld, n: number): Promise<void> {
  assertInterrupted(await signalAtChunk(world, n, 'SIGINT'))
}

async function signalAtChunk(
  world: CloudWorld,
  n: number,
  signal: 'SIGINT' | 'SIGKILL',
): Promise<Ended> {
  await using program = world.run(['up'])
  onChunk(world, (count) => {
    if (count === n) program.signal(signal)
  })
  try {
    const { code } = await deadline(program.exited, 60_000, 'end')
    return { code, stderr: program.stderr.text }
  } finally {
    world.cloud.onTraffic = () => {}
  }
}

/** What must be true of a stack that stands, whatever happened before. */
export function assertOneStack(world: CloudWorld, hasDomain: boolean): void {
  const { fake } = world
  assert.equal(world.live().length, 1, 'one instance')
  assert.equal(fake.world.instances.length, 1, 'and there was never another')
  assert.equal(fake.world.groups.length, 1, 'one security group')
  assert.equal(fake.world.addresses.length, hasDomain ? 1 : 0, 'addresses')
  const [instance] = world.live()
  const machine = world.cloud.machines.get(instance?.id ?? '')
  assert.match(machine?.read('var/lib/sallyport/claimed') ?? '', /^[0-9a-f]{64}$/, 'claimed')
  const state = world.state()
  assert.equal(state['instanceId'], instance?.id, 'the state names the instance')
  assert.equal(state['pending'], undefined, 'nothing is pending')
  assert.equal(world.mode(), 0o600)
  if (hasDomain) {
    const zone = fake.world.zones.find((one) => one.id === 'ZCHILD')
    const a = zone?.records.find((one) => one.type === 'A')
    assert.deepEqual(a?.values, [fake.world.addresses[0]?.publicAddress])
  }
}

export async function assertDownLeavesNothing(world: CloudWorld): Promise<void> {
  await world.finish(['down'])
  assert.deepEqual(world.fake.world.remaining(), [])
}
