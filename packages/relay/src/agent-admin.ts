// Agents added to and removed from a running relay: kept on the disk before anybody is told that it
// worked, one change after the other, so that the file always ends as the last of them.
import type { Agent, AgentKeys } from './agent-keys.ts'

export interface AgentAdminOptions {
  readonly agents: AgentKeys
  save(agents: AgentKeys): Promise<void>
  /** It is gone for good: its sessions are to end. */
  onRemoved(agent: Agent): void
}

export class AgentAdmin {
  readonly #options: AgentAdminOptions
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: AgentAdminOptions) {
    this.#options = options
  }

  /** @throws {SallyportError} SP_USAGE when the name is taken, SP_STATE when it cannot be kept. */
  add(agent: Agent): Promise<void> {
    const { agents } = this.#options
    return this.#inTurn(async () => {
      agents.add(agent)
      await this.#saveOr(() => agents.remove(agent.name))
    })
  }

  /** @throws {SallyportError} SP_USAGE when nobody has the name, SP_STATE when it cannot be kept. */
  remove(name: string): Promise<Agent> {
    const { agents, onRemoved } = this.#options
    return this.#inTurn(async () => {
      const agent = agents.remove(name)
      await this.#saveOr(() => agents.add(agent))
      onRemoved(agent)
      return agent
    })
  }

  /** The agents as they are on the disk now, read in turn: no change is under way then. */
  reload(read: () => Promise<readonly Agent[]>): Promise<ReturnType<AgentKeys['replace']>> {
    return this.#inTurn(async () => this.#options.agents.replace(await read()))
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(change)
    this.#last = turn.catch(() => {})
    return turn
  }

  async #saveOr(undo: () => void): Promise<void> {
    try {
      await this.#options.save(this.#options.agents)
    } catch (error) {
      undo()
      throw error
    }
  }
}
