// The command line of the provisioner, as values. Flags are settings by another name: they go before
// the environment and the env file.
import { parseArgs } from 'node:util'
import { badInput, SallyportError } from '@sallyport/protocol'
import type { Setting } from './env-file.ts'

export const commands = ['plan', 'up', 'status', 'down', 'list', 'iam-policy'] as const
export type Command = (typeof commands)[number]

export interface CommandLine {
  readonly command: Command
  readonly json: boolean
  readonly verbose: boolean
  readonly allRegions: boolean
  readonly envFile?: string | undefined
  /** `--stack`: for `down` without a state file. */
  readonly stack?: string | undefined
  /** Settings by their names in the environment. */
  readonly settings: ReadonlyMap<string, Setting>
}

/** Flags that stand for a setting: name, the setting, and its line in the help. */
const settingFlags = {
  region: { setting: 'AWS_REGION_NAME', help: 'the AWS region (us-west-2)' },
  'instance-type': { setting: 'INSTANCE_TYPE', help: 'the machine (t4g.nano)' },
  'image-id': { setting: 'IMAGE_ID', help: 'another machine image than Ubuntu 24.04' },
  subnet: { setting: 'SALLYPORT_SUBNET', help: 'a subnet, where there is no default VPC' },
  host: { setting: 'SALLYPORT_HOST', help: 'the public name, where its DNS is kept elsewhere' },
  'tcp-ports': { setting: 'SALLYPORT_TCP_PORTS', help: 'public ports or ranges: 2222,8000-8010' },
  ttl: { setting: 'SALLYPORT_TTL', help: 'the machine ends itself after 90m, 12h, 3d' },
  'relay-port': { setting: 'SALLYPORT_RELAY_PORT', help: 'the port of the relay (443)' },
  'server-info': { setting: 'SERVER_INFO', help: 'the state file (server_info.json)' },
} as const

export const help = `provisioner: from AWS credentials to a running relay, and back to nothing

  provisioner plan         what up would do and cost; proves the permissions, changes nothing
  provisioner up           makes the relay stand; prints the join string for the agent
  provisioner status       what stands
  provisioner down         ends all of it, and fails unless nothing is left
  provisioner list         the stacks of the account [--all-regions]
  provisioner iam-policy   the least that the credentials must be allowed

  --env-file FILE          settings (.env)
  --json                   events, one JSON object a line
  --elastic-ip             an address that stays; always with a name
  --stack ID               down: a stack whose state file is lost
${Object.entries(settingFlags)
  .map(([flag, { help: text }]) => `  ${`--${flag} …`.padEnd(23)}  ${text}`)
  .join('\n')}
  -v, --verbose            the cause of an error too
`

/** Reads argv (without program and script); undefined = help was asked for. Throws SP_USAGE. */
export function parseCommandLine(args: readonly string[]): CommandLine | undefined {
  const { values: parsed, positionals } = parse(args)
  const values: Readonly<Record<string, string | boolean | undefined>> = parsed
  if (values['help'] === true) return undefined
  const [name, extra] = positionals
  const command = commands.find((one) => one === name)
  if (command === undefined || extra !== undefined) {
    const value = command === undefined ? name : extra
    throw badInput('SP_USAGE', {
      what: 'command',
      where: 'command line',
      ...(value === undefined ? {} : { value }),
      right: `one of ${commands.join(', ')}`,
    })
  }
  const settings = new Map<string, Setting>()
  for (const [flag, { setting }] of Object.entries(settingFlags)) {
    const value = values[flag]
    if (typeof value === 'string') settings.set(setting, { value, where: `--${flag}` })
  }
  if (values['elastic-ip'] === true) {
    settings.set('SALLYPORT_ELASTIC_IP', { value: 'true', where: '--elastic-ip' })
  }
  const text = (flag: string): string | undefined => {
    const value = values[flag]
    return typeof value === 'string' ? value : undefined
  }
  const stack = text('stack')
  if (stack !== undefined && !/^[0-9a-f]{12}$/.test(stack)) {
    const right = 'an id of 12 characters, as provisioner list shows it'
    throw badInput('SP_USAGE', { what: 'stack', where: '--stack', value: stack, right })
  }
  return {
    command,
    json: values['json'] === true,
    verbose: values['verbose'] === true,
    allRegions: values['all-regions'] === true,
    envFile: text('env-file'),
    stack,
    settings,
  }
}

function parse(args: readonly string[]) {
  const texts = [...Object.keys(settingFlags), 'env-file', 'stack']
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        ...Object.fromEntries(texts.map((name) => [name, { type: 'string' as const }])),
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        verbose: { type: 'boolean', short: 'v' },
        'all-regions': { type: 'boolean' },
        'elastic-ip': { type: 'boolean' },
      },
    })
  } catch (error) {
    const [line = ''] = error instanceof Error ? error.message.split('. ') : []
    throw new SallyportError('SP_USAGE', `${line}; provisioner --help lists the flags`, {
      cause: error,
    })
  }
}
