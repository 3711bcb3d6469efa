// Which target a path goes to: the longest prefix that ends at a segment's border. Pure; the path is
// compared as written, so this decides where a request goes and never whether it may.
export interface PathTarget<Target> {
  /** `/` or `/api`; no final slash otherwise. */
  readonly prefix: string
  readonly target: Target
}

export class PathTargets<Target> {
  readonly #byLength: readonly PathTarget<Target>[]

  constructor(targets: readonly PathTarget<Target>[]) {
    this.#byLength = targets.toSorted((a, b) => b.prefix.length - a.prefix.length)
  }

  /** The only target, when no path can make a difference. */
  get only(): Target | undefined {
    const [first] = this.#byLength
    return this.#byLength.length === 1 && first?.prefix === '/' ? first.target : undefined
  }

  find(path: string): Target | undefined {
    return this.#byLength.find(({ prefix }) => isUnder(path, prefix))?.target
  }
}

function isUnder(path: string, prefix: string): boolean {
  if (prefix === '/') return true
  if (!path.startsWith(prefix)) return false
  const next = path[prefix.length]
  return next === undefined || next === '/' || next === '?'
}
