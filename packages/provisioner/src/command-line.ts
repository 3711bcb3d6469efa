// The command line of the provisioner, as values. Flags are settings by another name: they go before
// the environment and the env file.
import { parseArgs } from 'node:util'
import { badInput, maxDeployLogLines, SallyportError } from '@sallyport/protocol'
import type { Setting } from './env-file.ts'
import { defaultLogLines } from './limits.ts'

/** Commands of one word. */
const words = [
  'plan',
  'up',
  'status',
  'down',
  'list',
  'iam-policy',
  'logs',
  'upgrade',
  'certificate',
] as const

export type Command =
  | { readonly do: (typeof words)[number] }
  | { readonly do: 'agents-ls' }
  | { readonly do: 'agents-add' | 'agents-rm'; readonly name: string }

export interface CommandLine {
  readonly command: Command
  readonly json: boolean
  readonly verbose: boolean
  readonly allRegions: boolean
  readonly envFile?: string | undefined
  /** `--stack`: for `down` without a state file. */
  readonly stack?: string | undefined
  /** `--allow`: what an agent that is added may claim. */
  readonly allow: string
  /** `--lines`: how many of the log. */
  readonly lines: number
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
  'end-when-idle': {
    setting: 'SALLYPORT_END_WHEN_IDLE',
    help: 'it ends itself after 12h without agent and visitor',
  },
  'acme-directory': {
    setting: 'SALLYPORT_ACME_DIRECTORY',
    help: 'the relay orders its certificates: letsencrypt, staging, a URL; off',
  },
  'relay-port': { setting: 'SALLYPORT_RELAY_PORT', help: 'the port of the relay (443)' },
  'server-info': { setting: 'SERVER_INFO', help: 'the state file (server_info.json)' },
} as const

export const help = `provisioner: from AWS credentials to a running relay, and back to nothing

  provisioner plan         what up would do and cost; proves the permissions, changes nothing
  provisioner up           makes the relay stand; prints the join string for the agent
  provisioner status       what stands, and what the relay says of itself
  provisioner down         ends all of it, and fails unless nothing is left
  provisioner list         the stacks of the account [--all-regions]
  provisioner iam-policy   the least that the credentials must be allowed

  provisioner agents add NAME   another agent of the relay; prints its join string, once
  provisioner agents ls         the agents and what each may claim
  provisioner agents rm NAME    takes its key away; its sessions end
  provisioner logs              the last lines of the relay's log
  provisioner upgrade           the relay's bundle of this release; takes it back unless it comes up
  provisioner certificate       one for the name and *.name, by DNS; renewed when this is run again
                                (--acme-directory, else letsencrypt)

  --env-file FILE          settings (.env)
  --json                   events, one JSON object a line
  --elastic-ip             an address that stays; always with a name or --acme-directory
  --stack ID               down: a stack whose state file is lost
  --allow LIST             agents add: app.example.com,tcp:2222,pool:blue; * is everything (*)
  --lines N                logs: how many (${defaultLogLines})
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
  const command = findCommand(positionals)
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
    allow: text('allow') ?? '*',
    lines: parseLines(text('lines')),
    settings,
  }
}

function findCommand(positionals: readonly string[]): Command {
  const [first, second, third, ...more] = positionals
  const one = words.find((word) => word === first)
  if (one !== undefined && second === undefined) return { do: one }
  if (first === 'agents' && more.length === 0) {
    if (second === 'ls' && third === undefined) return { do: 'agents-ls' }
    if (second === 'add' && third !== undefined) return { do: 'agents-add', name: third }
    if (second === 'rm' && third !== undefined) return { do: 'agents-rm', name: third }
  }
  const value = positionals.join(' ')
  throw badInput('SP_USAGE', {
    what: 'command',
    where: 'command line',
    ...(value === '' ? {} : { value }),
    right: `one of ${words.join(', ')}, agents add NAME, agents ls, agents rm NAME`,
  })
}

function parseLines(text: string | undefined): number {
  if (text === undefined) return defaultLogLines
  const lines = Number(text)
  if (/^\d{1,6}$/.test(text) && lines >= 1 && lines <= maxDeployLogLines) return lines
  const right = `a whole number from 1 to ${maxDeployLogLines}`
  throw badInput('SP_USAGE', { what: 'number of lines', where: '--lines', value: text, right })
}

function parse(args: readonly string[]) {
  const texts = [...Object.keys(settingFlags), 'env-file', 'stack', 'allow', 'lines']
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
