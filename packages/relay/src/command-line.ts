// argv -> which command, with which flags. What the values mean is settings.ts's.
import { parseArgs } from 'node:util'
import { SallyportError, quote } from '@sallyport/protocol'
import type { Flags } from './settings.ts'

export type Command =
  | { readonly do: 'help' }
  | { readonly do: 'version' }
  | { readonly do: 'init' }
  | ConfiguredCommand

/** A command that reads D. */
export type ConfiguredCommand =
  | { readonly do: 'serve' | 'check' | 'list' | 'status' }
  | { readonly do: 'add' | 'remove'; readonly name: string }

export interface CommandLine {
  readonly command: Command
  readonly flags: Flags
}

const text = { type: 'string' } as const
const yesNo = { type: 'boolean' } as const

const common = {
  dir: text,
  config: text,
  'env-file': text,
  json: yesNo,
  'log-level': text,
  verbose: { ...yesNo, short: 'v' },
  help: { ...yesNo, short: 'h' },
  version: yesNo,
} as const
const place = { host: text, listen: text, 'tcp-ports': text } as const
const subject = { organization: text, 'email-address': text } as const
const serve = {
  ...common,
  ...place,
  'access-log': text,
  admin: text,
  heartbeat: yesNo,
  'acme-ca-file': text,
  'acme-challenges': text,
  'acme-directory': text,
  'acme-email': text,
  'acme-profile': text,
  'cert-file': text,
  http: text,
  'key-file': text,
  'insecure-no-auth': yesNo,
} as const

const flagsOf: Readonly<Record<Command['do'], Readonly<Record<string, unknown>>>> = {
  help: common,
  version: common,
  init: { ...common, ...place, ...subject },
  serve,
  check: serve,
  list: common,
  status: common,
  add: { ...common, allow: text },
  remove: common,
}

/** @throws {SallyportError} SP_USAGE. */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  const { values, positionals } = parse(argv)
  const command = findCommand(positionals)
  const known = flagsOf[command.do]
  for (const flag of Object.keys(values)) {
    if (flag in known) continue
    throw usage(`--${flag} does not belong to this command`)
  }
  if (values.help === true) return { command: { do: 'help' }, flags: values }
  if (values.version === true) return { command: { do: 'version' }, flags: values }
  return { command, flags: values }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: { ...serve, ...subject, allow: text },
      allowPositionals: true,
      strict: true,
    })
  } catch (error) {
    // The first sentence tells what is wrong; the rest is advice about `--`.
    const [message = ''] = error instanceof Error ? error.message.split('. ') : []
    throw usage(message)
  }
}

function findCommand([first = 'serve', ...rest]: readonly string[]): Command {
  if (
    first === 'init' ||
    first === 'serve' ||
    first === 'check' ||
    first === 'status' ||
    first === 'help'
  ) {
    return atMost(rest, 0, { do: first })
  }
  if (first !== 'agents') {
    throw usage(`${quote(first)} is no command; there are init, serve, agents, status and check`)
  }
  const [action, name, ...more] = rest
  if (action === 'ls') return atMost(rest, 1, { do: 'list' })
  if (action !== 'add' && action !== 'rm') {
    const shown = action === undefined ? 'agents' : `agents ${quote(action)}`
    throw usage(`${shown} is no command; there are agents add NAME, agents ls and agents rm NAME`)
  }
  if (name === undefined) throw usage(`agents ${action} needs a NAME`)
  return atMost(more, 0, { do: action === 'add' ? 'add' : 'remove', name })
}

function atMost<T>(words: readonly string[], count: number, command: T): T {
  const extra = words[count]
  if (extra === undefined) return command
  throw usage(`${quote(extra)} is one word too many`)
}

function usage(what: string): SallyportError {
  return new SallyportError('SP_USAGE', `${what}; \`relay --help\` shows what there is`)
}
