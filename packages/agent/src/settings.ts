// Where a setting may stand, and in which order it is looked for: flags > environment > env file >
// configuration file (settings-file.ts). Defaults are config.ts's. Every flag has its variable: `--web-addr` is SALLYPORT_WEB_ADDR.
import type { ErrorCode } from '@sallyport/protocol'
import { type CommandLine, type FlagName, flagTable, shownFlag } from './command-line.ts'

export type Variables = Readonly<Record<string, string | undefined>>

/** What the program finds around it when it starts. */
export interface Surroundings {
  readonly variables: Variables
  readonly workingDirectory: string
  /** The first line of stdin. */
  readonly readInput: () => Promise<string>
}

/** A setting as it was written: where, and which error a wrong one is. */
export interface Written {
  readonly texts: readonly string[]
  readonly where: string
  readonly code: ErrorCode
}

export interface Source {
  find(name: FlagName): Written | undefined
  /** A variable by its own name; flags have none. */
  variable(name: string): Written | undefined
}

/** Variables that kept their name from the system that inspired this. */
const furtherVariables: Partial<Record<FlagName, string>> = {
  'channel-timeout': 'CHANNEL_TIMEOUT',
}

export function flagSource({ flags }: CommandLine): Source {
  return {
    find: (name) => {
      const texts = flags.get(name)
      return texts && { texts, where: shownFlag(name), code: 'SP_USAGE' }
    },
    variable: () => undefined,
  }
}

/** A variable that is set but empty counts as not set, as in a shell's `${X:-}`. */
export function variableSource(variables: Variables, path?: string): Source {
  const variable = (name: string): Written | undefined => {
    const text = variables[name]
    if (text === undefined || text === '') return undefined
    return { texts: [text], where: path ? `${name} in ${path}` : name, code: 'SP_CONFIG' }
  }
  return {
    variable,
    find: (name) => {
      const own = variable(variableOf(name)) ?? variable(furtherVariables[name] ?? '')
      const { form } = flagTable[name]
      if (!own || (form !== 'list' && form !== 'lines')) return own
      // Of lines each may hold blanks.
      const border = form === 'list' ? /\s+/ : /\r?\n/
      return { ...own, texts: own.texts[0]?.split(border).filter((text) => text !== '') ?? [] }
    },
  }
}

export function variableOf(name: FlagName): string {
  return `SALLYPORT_${name.toUpperCase().replaceAll('-', '_')}`
}

export function findFirst(sources: readonly Source[], name: FlagName): Written | undefined {
  for (const source of sources) {
    const written = source.find(name)
    if (written) return written
  }
  return undefined
}

/** A variable by its own name, from the first source that has it. */
export function findVariable(sources: readonly Source[], name: string): Written | undefined {
  for (const source of sources) {
    const written = source.variable(name)
    if (written) return written
  }
  return undefined
}
