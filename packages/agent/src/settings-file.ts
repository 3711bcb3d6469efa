// The agent's configuration file: `--config`, else SALLYPORT_CONFIG, else
// $XDG_CONFIG_HOME/sallyport/agent.yaml where there is one.
import { dirname, join, resolve } from 'node:path'
import { type JoinString, badInput, parseJoinString } from '@sallyport/protocol'
import { type SettingsFile, findConfigFile, parseSettings } from '@sallyport/settings'
import type { CommandLine } from './command-line.ts'
import { readJoinFile, refuseOpenFile } from './join-source.ts'
import { type AgentFileSettings, agentSettingsSchema } from './settings-schema.ts'
import { type Source, type Surroundings, findVariable } from './settings.ts'

export interface AgentFile extends SettingsFile<AgentFileSettings> {
  readonly path: string
  /** Permission bits. */
  readonly mode: number
}

/** @throws {SallyportError} SP_USAGE or SP_CONFIG, with all that is wrong in the file. */
export async function readAgentFile(
  { flags }: CommandLine,
  variables: readonly Source[],
  surroundings: Surroundings,
): Promise<AgentFile | undefined> {
  const named = findVariable(variables, 'SALLYPORT_CONFIG')
  // The XDG base directory specification: an unset or empty variable means ~/.config.
  const { XDG_CONFIG_HOME: base, HOME: home = '/' } = surroundings.variables
  const found = await findConfigFile({
    flag: flags.get('config')?.[0],
    variable: named && { text: named.texts[0] ?? '', where: named.where },
    usual: join(base || join(home, '.config'), 'sallyport', 'agent.yaml'),
    workingDirectory: surroundings.workingDirectory,
  })
  if (!found) return undefined
  const { path, mode, text } = found
  return { path, mode, ...parseSettings(text, path, agentSettingsSchema) }
}

/** The file's settings, behind flags and variables: `channel_timeout` is --channel-timeout. */
export function fileSource(file: AgentFile): Source {
  const values: Readonly<Record<string, unknown>> = file.values
  return {
    variable: () => undefined,
    find: (name) => {
      const key = name.replaceAll('-', '_')
      const value = Object.hasOwn(values, key) ? values[key] : undefined
      const texts = [value].flat()
      const isSimple = texts.every((one) => ['string', 'number', 'boolean'].includes(typeof one))
      if (!isSimple) return undefined
      // Beside this file, as join_file.
      const place = (path: string): string => resolve(dirname(file.path), path)
      const written = texts.map(String)
      const isPath = name === 'basic-auth-file'
      return {
        texts: isPath ? written.map(place) : written,
        where: file.where([key]),
        code: 'SP_CONFIG',
      }
    },
  }
}

/** The file's join string, if it has or names one. */
export async function joinOfFile(file: AgentFile): Promise<JoinString | undefined> {
  const { join: own, join_file: named } = file.values
  if (own !== undefined && named !== undefined) {
    throw badInput('SP_CONFIG', {
      what: 'join string',
      where: file.where(['join_file']),
      right: 'join or join_file, not both',
    })
  }
  if (own !== undefined) {
    refuseOpenFile(file.mode, file.path, file.where(['join']), 'configuration file')
    return parseJoinString(own, file.where(['join']))
  }
  if (named === undefined) return undefined
  return await readJoinFile(resolve(dirname(file.path), named), file.where(['join_file']))
}
