// Memory for agents whose visitors read slowly: a budget for each key over all its sessions, within
// one for the process.
import { MemoryBudget } from '@sallyport/mux'
import { agentBudgetBytes } from '@sallyport/protocol'
import type { Agent } from './agent-keys.ts'
import { processBudgetBytes } from './limits.ts'

export class AgentBudgets {
  readonly #process = new MemoryBudget(processBudgetBytes)
  readonly #byKey = new Map<string, MemoryBudget>()

  /** The budget of an agent's key; the same one for all its sessions. */
  of({ keyId }: Agent): MemoryBudget {
    const known = this.#byKey.get(keyId)
    if (known) return known
    const budget = new MemoryBudget(agentBudgetBytes, this.#process)
    this.#byKey.set(keyId, budget)
    return budget
  }
}
