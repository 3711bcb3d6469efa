// The EC2 query protocol's request side: "Filter.1.Value.2=x" becomes nested values.
export type Params = { readonly [name: string]: Param }
export type Param = string | Params

/** Parses a form body; list members keep their numbers as names. */
export function parseQuery(body: string): Params {
  const root: Record<string, unknown> = {}
  for (const [name, value] of new URLSearchParams(body)) {
    const path = name.split('.')
    const last = path.pop() ?? ''
    let at = root
    for (const part of path) at = (at[part] ??= {}) as Record<string, unknown>
    at[last] = value
  }
  return root as Params
}

export function text(params: Param | undefined, name: string): string | undefined {
  const value = typeof params === 'object' ? params[name] : undefined
  return typeof value === 'string' ? value : undefined
}

/** A list's members in their order; [] when absent. */
export function list(params: Param | undefined, name: string): Param[] {
  const value = typeof params === 'object' ? params[name] : undefined
  if (typeof value !== 'object') return []
  return Object.entries(value)
    .toSorted(([one], [other]) => Number(one) - Number(other))
    .map(([, member]) => member)
}

export function texts(params: Param | undefined, name: string): string[] {
  return list(params, name).filter((one) => typeof one === 'string')
}

export function group(params: Param | undefined, name: string): Params {
  const value = typeof params === 'object' ? params[name] : undefined
  return typeof value === 'object' ? value : {}
}
