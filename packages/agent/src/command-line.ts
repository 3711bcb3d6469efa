// argv as flags and arguments, before any value is looked at. A join string in argv is refused and
// never shown: every user of the machine can read arguments.
import { parseArgs } from 'node:util'
import { type SallyportError, badInput } from '@sallyport/protocol'

/** Every flag; `list` and `lines` may be given several times. */
export const flagTable = {
  url: { form: 'list' },
  'remote-forward': { form: 'list', short: 'R' },
  'allow-from': { form: 'list' },
  'deny-from': { form: 'list' },
  knock: { form: 'switch' },
  'host-header': { form: 'value' },
  'trusted-proxies': { form: 'list' },
  'http-allow-from': { form: 'list' },
  'http-deny-from': { form: 'list' },
  'basic-auth-file': { form: 'value' },
  'request-header-add': { form: 'lines' },
  'request-header-remove': { form: 'list' },
  'response-header-add': { form: 'lines' },
  'response-header-remove': { form: 'list' },
  'max-body': { form: 'value' },
  'origin-timeout': { form: 'value' },
  pool: { form: 'value' },
  balance: { form: 'value' },
  'health-check': { form: 'value' },
  'proxy-protocol': { form: 'value' },
  'origin-insecure': { form: 'switch' },
  'origin-ca': { form: 'value' },
  certificate: { form: 'value' },
  'acme-directory': { form: 'value' },
  'acme-email': { form: 'value' },
  'acme-ca-file': { form: 'value' },
  'channel-timeout': { form: 'value' },
  connections: { form: 'value' },
  'web-addr': { form: 'value' },
  join: { form: 'value' },
  json: { form: 'switch' },
  qr: { form: 'switch' },
  edit: { form: 'switch' },
  'on-change': { form: 'value' },
  'no-retry': { form: 'switch' },
  all: { form: 'switch' },
  config: { form: 'value' },
  'env-file': { form: 'value' },
  verbose: { form: 'switch', short: 'v' },
  'log-level': { form: 'value' },
  help: { form: 'switch', short: 'h' },
  version: { form: 'switch' },
} as const satisfies Record<string, { form: 'list' | 'lines' | 'value' | 'switch'; short?: string }>

export type FlagName = keyof typeof flagTable

/** The flag as people type it: `--pool`, `-R`. */
export function shownFlag(name: FlagName): string {
  return name === 'remote-forward' ? '-R' : `--${name}`
}

export interface CommandLine {
  /** What stands before the flags: `connect`, and its TARGET. */
  readonly words: readonly string[]
  /** Values by flag, in order; a switch that is set has 'true'. */
  readonly flags: ReadonlyMap<FlagName, readonly string[]>
}

/** @throws {SallyportError} SP_USAGE. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  for (const [index, arg] of args.entries()) {
    if (/sallyport:\/\/|sp1_/i.test(arg)) throw joinStringInArgv(index)
  }
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    tokens: true,
    options: Object.fromEntries(
      Object.entries(flagTable).map(([name, row]) => [
        name,
        {
          type: row.form === 'switch' ? 'boolean' : 'string',
          ...('short' in row && { short: row.short }),
        } as const,
      ]),
    ),
  })

  const words: string[] = []
  const flags = new Map<FlagName, string[]>()
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value)
    if (token.kind !== 'option') continue
    const { name, rawName, value, inlineValue } = token
    if (!isFlagName(name)) {
      throw usage('flag', 'command line', rawName, 'one that agent --help lists')
    }
    const { form } = flagTable[name]
    if (form === 'switch') {
      if (value !== undefined) throw usage('flag', rawName, value, 'no value after it')
      flags.set(name, ['true'])
      continue
    }
    if (value === undefined || (!inlineValue && /^-./.test(value))) {
      throw badInput('SP_USAGE', { what: 'flag', where: rawName, right: 'a value after it' })
    }
    flags.set(
      name,
      form === 'list' || form === 'lines' ? [...(flags.get(name) ?? []), value] : [value],
    )
  }
  return { words, flags }
}

function isFlagName(name: string): name is FlagName {
  return Object.hasOwn(flagTable, name)
}

function usage(what: string, where: string, value: string, right: string): SallyportError {
  return badInput('SP_USAGE', { what, where, value, right })
}

function joinStringInArgv(index: number): SallyportError {
  return badInput('SP_USAGE', {
    what: 'join string',
    where: `argument ${index + 1}`,
    right:
      'SALLYPORT_JOIN, SALLYPORT_JOIN_FILE or --join - instead: arguments can be read by every user ' +
      'of this machine, so replace this agent on the relay (relay agents rm, relay agents add)',
  })
}
