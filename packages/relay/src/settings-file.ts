// The relay's configuration file: `--config`, else SALLYPORT_CONFIG, else D/relay.yaml where there is
// one. Stands before relay.json, which `relay init` wrote.
import { type SettingsFile, findConfigFile, parseSettings } from '@sallyport/settings'
import type { Surroundings } from './env-file.ts'
import { type RelayFileSettings, relaySettingsSchema } from './settings-schema.ts'
import { type Flags, type Source, settingsTable } from './settings.ts'
import type { StateDirectory } from './state-directory.ts'

export interface RelayFile extends SettingsFile<RelayFileSettings> {
  readonly path: string
}

/** @throws {SallyportError} SP_USAGE or SP_CONFIG, with all that is wrong in the file. */
export async function readRelayFile(
  flags: Flags,
  variable: { readonly text: string; readonly where: string } | undefined,
  state: StateDirectory,
  { workingDirectory }: Surroundings,
): Promise<RelayFile | undefined> {
  const flag = flags['config']
  const found = await findConfigFile({
    flag: typeof flag === 'string' ? flag : undefined,
    variable,
    usual: state.file('relay.yaml'),
    workingDirectory,
  })
  if (!found) return undefined
  const { path, text } = found
  return { path, ...parseSettings(text, path, relaySettingsSchema) }
}

/** The file's settings, behind flags and variables: `tcp_ports` is --tcp-ports, `acme.email` --acme-email. */
export function yamlSource({ values, where }: RelayFile): Source {
  const texts: Readonly<Record<string, unknown>> = values
  return {
    code: 'SP_CONFIG',
    get: (name) => {
      const key = settingsTable[name].flag.replaceAll('-', '_')
      const inner = key.startsWith('acme_') ? key.slice('acme_'.length) : undefined
      const value = inner === undefined ? own(texts, key) : own(values.acme ?? {}, inner)
      if (!['string', 'number', 'boolean'].includes(typeof value)) return undefined
      return { text: String(value), where: where(inner === undefined ? [key] : ['acme', inner]) }
    },
  }
}

function own(texts: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(texts, key) ? texts[key] : undefined
}
