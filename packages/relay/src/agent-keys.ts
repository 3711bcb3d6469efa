// The agents that a relay knows: a name, a public key and what the key may claim. Kept in
// agents.json; the private half exists in the join string only. Knows no sessions.
import {
  type ErrorCode,
  type Permission,
  badInput,
  keyIdOf,
  parsePermissions,
  quote,
  SallyportError,
} from '@sallyport/protocol'
import { z } from 'zod'
import { maxAgents } from './limits.ts'
import type { StateDirectory } from './state-directory.ts'

export interface Agent {
  /** What people call it. */
  readonly name: string
  readonly keyId: string
  /** 32 bytes, raw. */
  readonly publicKey: Buffer
  /** As written with `--allow`. */
  readonly allow: string
  readonly permissions: readonly Permission[]
}

/** What an agent may claim unless `--allow` says less: every name and pool, every port of --tcp-ports. */
export const allowEverything = '*'

const publicKeyBytes = 32
const namePattern = /^[A-Za-z0-9][\w.-]{0,62}$/

const fileSchema = z.strictObject({
  v: z.literal(1),
  agents: z.array(z.strictObject({ name: z.string(), public_key: z.string(), allow: z.string() })),
})

/** Where the parts of an agent came from, for the messages, and the code of their errors. */
export interface AgentOrigin {
  readonly name: string
  readonly allow: string
  readonly code: ErrorCode
}

const commandLine: AgentOrigin = { name: 'NAME', allow: '--allow', code: 'SP_USAGE' }

/** @throws {SallyportError} of the origin's code when the name or the permissions are wrong. */
export function createAgent(
  name: string,
  publicKey: Buffer,
  allow: string,
  origin: AgentOrigin = commandLine,
): Agent {
  if (!namePattern.test(name)) {
    throw badInput(origin.code, {
      what: "agent's name",
      where: origin.name,
      value: name,
      right: '1 to 63 of A-Z a-z 0-9 - _ . with a letter or digit first',
    })
  }
  const permissions = parsePermissions(allow, origin.allow, origin.code)
  return { name, keyId: keyIdOf(publicKey), publicKey, allow, permissions }
}

/** Who comes in where nobody is asked for a proof (`--insecure-no-auth`). */
export function createAnybody(): Agent {
  return createAgent('anybody', Buffer.alloc(publicKeyBytes), allowEverything)
}

/** The known agents, in the order in which they came. */
export class AgentKeys {
  readonly #byKeyId = new Map<string, Agent>()

  constructor(agents: readonly Agent[] = []) {
    for (const agent of agents) this.#byKeyId.set(agent.keyId, agent)
  }

  get size(): number {
    return this.#byKeyId.size
  }

  find(keyId: string): Agent | undefined {
    return this.#byKeyId.get(keyId)
  }

  list(): readonly Agent[] {
    return [...this.#byKeyId.values()]
  }

  /** @throws {SallyportError} SP_USAGE when the name is taken or there are too many. */
  add(agent: Agent): void {
    if (this.list().some(({ name }) => name === agent.name)) {
      throw new SallyportError(
        'SP_USAGE',
        `an agent named ${quote(agent.name)} exists already: remove it first, or take another name`,
      )
    }
    if (this.size >= maxAgents) {
      throw new SallyportError('SP_USAGE', `there are ${this.size} agents, the most that can be`)
    }
    this.#byKeyId.set(agent.keyId, agent)
  }

  /** The agents of a file that was read again. @returns who is gone, and who may claim other things. */
  replace(agents: readonly Agent[]): {
    readonly gone: readonly Agent[]
    readonly changed: readonly Agent[]
  } {
    const before = this.list()
    const now = new Map(agents.map((agent) => [agent.keyId, agent]))
    this.#byKeyId.clear()
    for (const agent of agents) this.#byKeyId.set(agent.keyId, agent)
    return {
      gone: before.filter(({ keyId }) => !now.has(keyId)),
      changed: before.flatMap(({ keyId, allow, name }) => {
        const agent = now.get(keyId)
        return agent && (agent.allow !== allow || agent.name !== name) ? [agent] : []
      }),
    }
  }

  /** @throws {SallyportError} SP_USAGE when nobody has the name. */
  remove(name: string): Agent {
    const agent = this.list().find((one) => one.name === name)
    if (!agent) {
      const known = this.list().map((one) => one.name)
      const choice = known.length > 0 ? `there are: ${known.join(', ')}` : 'there is no agent'
      throw new SallyportError('SP_USAGE', `no agent is named ${quote(name)}; ${choice}`)
    }
    this.#byKeyId.delete(agent.keyId)
    return agent
  }
}

/** @throws {SallyportError} SP_STATE when the file is damaged or open to others. */
export async function readAgentKeys(state: StateDirectory): Promise<AgentKeys> {
  const text = await state.read('agents.json')
  if (text === undefined) return new AgentKeys()
  const { agents } = state.parse('agents.json', text, fileSchema)
  const where = state.file('agents.json')
  const read = agents.map(({ name, public_key: encoded, allow }) => {
    const publicKey = Buffer.from(encoded, 'base64url')
    if (publicKey.length !== publicKeyBytes) {
      throw state.damaged('agents.json', `a public key of 32 bytes for ${quote(name)}`)
    }
    const origin = { name: where, allow: `${quote(name)} in ${where}`, code: 'SP_STATE' } as const
    return createAgent(name, publicKey, allow, origin)
  })
  const isUnique = (of: (agent: Agent) => string) => new Set(read.map(of)).size === read.length
  if (!isUnique((agent) => agent.name) || !isUnique((agent) => agent.keyId)) {
    throw state.damaged('agents.json', 'each name and each public key once')
  }
  return new AgentKeys(read)
}

export async function writeAgentKeys(state: StateDirectory, keys: AgentKeys): Promise<void> {
  const agents = keys.list().map(({ name, publicKey, allow }) => ({
    name,
    public_key: publicKey.toString('base64url'),
    allow,
  }))
  await state.write('agents.json', `${JSON.stringify({ v: 1, agents }, undefined, 2)}\n`)
}
