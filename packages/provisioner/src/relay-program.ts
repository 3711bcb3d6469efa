// The commands that steer a standing relay: `agents`, `logs`, `upgrade`, `certificate`. What they print, and their exit codes.
import type { AuthoritySettings } from './authority-settings.ts'
import { certify } from './certify.ts'
import { emit, type Output } from './output.ts'
import { addAgent, listAgents, readLogs, removeAgent, upgrade } from './relay-commands.ts'
import type { StackOptions } from './stack.ts'

export async function runAddAgent(
  output: Output,
  stack: StackOptions,
  name: string,
  allow: string,
): Promise<number> {
  // Alone on stdout, with --json too: it is stored nowhere.
  output.out(await addAgent(stack, name, allow))
  return 0
}

export async function runListAgents(output: Output, stack: StackOptions): Promise<number> {
  for (const { name, key, allow } of await listAgents(stack)) {
    if (output.json) emit(output, 'agent', { agent: name, key, allow })
    else output.out(`${name}\t${key}\t${allow}`)
  }
  return 0
}

export async function runRemoveAgent(
  output: Output,
  stack: StackOptions,
  name: string,
): Promise<number> {
  await removeAgent(stack, name)
  if (output.json) emit(output, 'agent-removed', { agent: name })
  else output.error(`agent ${name} is removed`)
  return 0
}

export async function runLogs(output: Output, stack: StackOptions, lines: number): Promise<number> {
  for (const line of await readLogs(stack, lines)) {
    if (output.json) emit(output, 'log', { line })
    else output.out(line)
  }
  return 0
}

export async function runUpgrade(
  output: Output,
  stack: StackOptions,
  bundle: Buffer,
): Promise<number> {
  const { version, hasRestarted } = await upgrade(stack, bundle)
  if (output.json) emit(output, 'upgraded', { bundle: version, was_new: hasRestarted })
  else {
    output.error(
      hasRestarted ? `the relay runs bundle ${version}` : 'the relay runs this bundle already',
    )
  }
  return 0
}

export async function runCertify(
  output: Output,
  stack: StackOptions,
  authority: AuthoritySettings,
): Promise<number> {
  const { names, validTo } = await certify(stack, authority)
  if (output.json) emit(output, 'certified', { names, valid_to: validTo.toISOString() })
  else {
    const until = validTo.toISOString().slice(0, 10)
    output.error(`visitors get a certificate for ${names.join(' and ')} until ${until}`)
    output.error('nothing renews it by itself: run this again in its last third')
  }
  return 0
}
