// The arguments of our load programs: one JSON object on the command line, host and numbers.

export interface LoadArguments {
  readonly host: string
  readonly [name: string]: number | string
}

export interface ReadArguments {
  readonly host: string
  /** Throws when the argument is absent. */
  number(name: string): number
}

export function readArguments(): ReadArguments {
  const given: unknown = JSON.parse(process.argv[2] ?? '{}')
  const values = new Map(Object.entries(typeof given === 'object' && given !== null ? given : {}))
  return {
    host: String(values.get('host')),
    number: (name) => {
      const value: unknown = values.get(name)
      if (typeof value !== 'number') throw new Error(`the load needs the number ${name}`)
      return value
    },
  }
}
