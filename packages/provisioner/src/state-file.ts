// server_info.json: what a stack has and is about to do, written before and after each mutation.
// It holds secrets (deploy key, join string), hence 0600. One provisioner at a time: state-lock.ts.
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { statSync, writeSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { dirname, resolve } from 'node:path'
import { isSallyportError, SallyportError } from '@sallyport/protocol'
import { z } from 'zod'
import { lockState } from './state-lock.ts'

/** The arguments of RunInstances, kept whole: a repeat with the same ClientToken must be equal. */
const launchSchema = z.strictObject({
  clientToken: z.string(),
  imageId: z.string(),
  rootDevice: z.string(),
  instanceType: z.string(),
  subnetId: z.string(),
  zone: z.string(),
  hasIpv6: z.boolean(),
  groupId: z.string(),
  /** Text, until the claim: afterwards nothing in it is needed, and the claim secret is dropped. */
  userData: z.string(),
})

const stateSchema = z.strictObject({
  version: z.literal(1),
  stack: z.string().regex(/^[0-9a-f]{12}$/),
  region: z.string(),
  createdAt: z.string(),
  /** Counts launches, so that each has a ClientToken of its own. */
  launches: z.int().min(0),
  /** The mutation that was about to happen when this was written. */
  pending: z.string().optional(),
  groupId: z.string().optional(),
  launch: launchSchema.optional(),
  instanceId: z.string().optional(),
  allocationId: z.string().optional(),
  /** The Elastic IP itself. */
  elasticAddress: z.string().optional(),
  records: z
    .strictObject({ zoneId: z.string(), name: z.string(), changeId: z.string().optional() })
    .optional(),
  claim: z
    .strictObject({
      deployKey: z.string(),
      secret: z.string().optional(),
      spki: z.string().optional(),
      committed: z.boolean(),
      delivered: z.string().optional(),
    })
    .optional(),
  agentToken: z.string().optional(),
  /** PEM of the key of our account at each authority. */
  acmeAccounts: z.record(z.string(), z.string()).optional(),
  endpoint: z.string().optional(),
  address: z.string().optional(),
  joinString: z.string().optional(),
})

export type State = z.infer<typeof stateSchema>
export type Launch = z.infer<typeof launchSchema>
export type Claim = NonNullable<State['claim']>

/** The state file, open and locked. `state` is what the disk has, always. */
export class StateFile {
  readonly path: string
  #state: State | undefined
  readonly #unlock: () => void

  constructor(path: string, state: State | undefined, unlock: () => void) {
    this.path = path
    this.#state = state
    this.#unlock = unlock
  }

  /** Undefined when there is no file: nothing stands, or the file was lost. */
  get state(): State | undefined {
    return this.#state
  }

  /** Starts a stack: from here on every mutation has a name that outlives a crash. */
  begin(region: string): State {
    const stack = randomBytes(6).toString('hex')
    const createdAt = new Date().toISOString()
    return this.#write({ version: 1, stack, region, createdAt, launches: 0 })
  }

  /** Changes fields and has them on the disk before it returns. */
  update(change: { readonly [Key in keyof State]?: State[Key] | undefined }): State {
    if (this.#state === undefined) throw new SallyportError('SP_INTERNAL', 'no stack was begun')
    return this.#write(stateSchema.parse({ ...this.#state, ...change }))
  }

  /** The stack is no more. */
  remove(): void {
    rmSync(this.path, { force: true })
    syncDirectory(this.path)
    this.#state = undefined
  }

  #write(state: State): State {
    const fresh = `${this.path}.new`
    rmSync(fresh, { force: true })
    const file = openSync(fresh, 'wx', 0o600)
    try {
      writeSync(file, `${JSON.stringify(state, undefined, 2)}\n`)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(fresh, this.path)
    syncDirectory(this.path)
    this.#state = state
    return state
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#unlock()
  }
}

/** A rename is only certain once its directory is on the disk. */
function syncDirectory(path: string): void {
  const directory = openSync(dirname(resolve(path)), 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}

/** Opens and locks; throws SP_STATE (unreadable, open to others) or SP_STATE_BUSY. */
export function openState(path: string): StateFile {
  const unlock = lockState(path)
  try {
    return new StateFile(path, readState(path), unlock)
  } catch (error) {
    unlock()
    throw error
  }
}

/** Reads without a lock, for commands that change nothing. */
export function readState(path: string): State | undefined {
  let text: string
  try {
    if ((statSync(path).mode & 0o077) !== 0) {
      throw new SallyportError(
        'SP_STATE',
        `${path} is open to other users; it holds keys: run chmod 600 ${path}`,
      )
    }
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    if (isSallyportError(error)) throw error
    throw new SallyportError('SP_STATE', `${path} cannot be read`, { cause: error })
  }
  const parsed = stateSchema.safeParse(parseJson(text))
  if (parsed.success) return parsed.data
  const field = parsed.error.issues[0]?.path.join('.') ?? ''
  throw new SallyportError(
    'SP_STATE',
    `${path} is not a state file of this version${field === '' ? '' : ` (${field})`}; move it away and run provisioner down, which works from tags alone`,
  )
}

/** undefined for what is no JSON: the schema then refuses it without quoting a secret. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
