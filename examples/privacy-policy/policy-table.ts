// Which servers serve which privacy policy, and the turns of each policy's live ones.

export interface PolicyServer {
  readonly id: string
  readonly ip: string
  readonly port: number
  isAlive: boolean
}

export class PolicyTable {
  readonly #servers = new Map<string, PolicyServer[]>()

  /** A server that comes back with the same id takes its old row. */
  register(policy: string, server: PolicyServer): void {
    const others = (this.#servers.get(policy) ?? []).filter(({ id }) => id !== server.id)
    this.#servers.set(policy, [...others, server])
  }

  has(policy: string): boolean {
    return this.#servers.has(policy)
  }

  all(): readonly PolicyServer[] {
    return [...this.#servers.values()].flat()
  }

  /** The next live server of the policy: it then goes to the end of the row. */
  next(policy: string): PolicyServer | undefined {
    const servers = this.#servers.get(policy) ?? []
    const chosen = servers.find(({ isAlive }) => isAlive)
    if (chosen) this.#servers.set(policy, [...servers.filter((one) => one !== chosen), chosen])
    return chosen
  }

  /** `{'PP_1': [[1, '127.0.0.1', 80, True]]}` */
  toString(): string {
    const rows = [...this.#servers].map(([policy, servers]) => {
      const shown = servers.map(
        ({ id, ip, port, isAlive }) => `[${id}, '${ip}', ${port}, ${isAlive ? 'True' : 'False'}]`,
      )
      return `'${policy}': [${shown.join(', ')}]`
    })
    return `{${rows.join(', ')}}`
  }
}
