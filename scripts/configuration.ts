// Writes what the schemas of the configuration files say: their JSON Schemas for editors, and the
// tables of docs/configuration.md. test/contract/configuration.test.ts fails when they are stale.
import { readFileSync, writeFileSync } from 'node:fs'
import { agentSettingsSchema } from '@sallyport/agent'
import { relaySettingsSchema } from '@sallyport/relay'
import { type SettingRow, editorSchema, settingRows } from '@sallyport/settings'

const programs = { relay: relaySettingsSchema, agent: agentSettingsSchema } as const

/** Every file that is made, by its path. */
export function makeConfigurationFiles(readText: (path: string) => string): Map<string, string> {
  const files = new Map<string, string>()
  let document = readText('docs/configuration.md')
  for (const [name, schema] of Object.entries(programs)) {
    const made = editorSchema(schema, `Configuration of the Sallyport ${name}`)
    files.set(`docs/schemas/${name}.schema.json`, `${JSON.stringify(made, undefined, 2)}\n`)
    document = replaceBlock(document, `${name} settings`, tableOf(settingRows(schema)))
  }
  return files.set('docs/configuration.md', document)
}

function tableOf(rows: readonly SettingRow[]): string {
  const lines = rows.map(({ key, flag, standard, description }) => {
    const cells = [
      `\`${key}\``,
      flag === undefined ? '–' : `\`${flag}\``,
      standard ?? '–',
      description,
    ]
    return `| ${cells.join(' | ')} |`
  })
  return ['| in the file | flag | default | meaning |', '|---|---|---|---|', ...lines].join('\n')
}

/** What stands between `<!-- NAME: made by scripts/configuration.ts -->` and `<!-- /NAME -->`. */
function replaceBlock(text: string, name: string, content: string): string {
  const begin = `<!-- ${name}: made by scripts/configuration.ts -->`
  const end = `<!-- /${name} -->`
  const from = text.indexOf(begin)
  const to = text.indexOf(end)
  if (from < 0 || to < from) throw new Error(`docs/configuration.md has no block ${begin}`)
  return `${text.slice(0, from)}${begin}\n\n${content}\n\n${text.slice(to)}`
}

if (import.meta.main) {
  for (const [path, text] of makeConfigurationFiles((name) => readFileSync(name, 'utf8'))) {
    writeFileSync(path, text)
    console.log(path)
  }
}
