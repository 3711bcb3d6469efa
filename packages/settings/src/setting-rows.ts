// The schema of a configuration file seen as JSON Schema: for editors, for the tables of
// docs/configuration.md, and for the names that may stand somewhere.
import { z } from 'zod'

type Schema = z.core.JSONSchema.JSONSchema

export interface SettingRow {
  /** `limits.parked_per_route`. */
  readonly key: string
  /** As on the command line: `--listen HOST:PORT`. */
  readonly flag: string | undefined
  readonly standard: string | undefined
  readonly description: string
}

/** What only our own tables need, and no editor knows. */
const ownWords = ['flag', 'standard'] as const

/** JSON Schema for editors. */
export function editorSchema(schema: z.ZodType, title: string): Schema {
  const made = z.toJSONSchema(schema, {
    io: 'input',
    override: ({ jsonSchema }) => {
      for (const word of ownWords) delete jsonSchema[word]
    },
  })
  return { title, ...made }
}

/** Every setting, in the order of the schema; inner ones after the one that holds them. */
export function settingRows(schema: z.ZodType): readonly SettingRow[] {
  return rowsOf(z.toJSONSchema(schema, { io: 'input' }), '')
}

/** The names that may stand at a path. */
export function knownNames(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  let here: Schema = z.toJSONSchema(schema, { io: 'input' })
  for (const key of path) {
    here = inner(here.properties?.[String(key)]) ?? inner(here.additionalProperties) ?? {}
  }
  return Object.keys(here.properties ?? {})
}

function rowsOf(schema: Schema, prefix: string): readonly SettingRow[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, value]) => {
    const here = inner(value)
    if (!here) return []
    const key = `${prefix}${name}`
    const member = inner(here.additionalProperties)
    return [
      {
        key,
        flag: word(here, 'flag'),
        standard: word(here, 'standard'),
        description: here.description ?? '',
      },
      ...rowsOf(here, `${key}.`),
      ...(member ? rowsOf(member, `${key}.NAME.`) : []),
    ]
  })
}

function word(schema: Schema, name: (typeof ownWords)[number]): string | undefined {
  const value = schema[name]
  return typeof value === 'string' ? value : undefined
}

function inner(schema: Schema | boolean | undefined): Schema | undefined {
  return typeof schema === 'object' ? schema : undefined
}
