// User names and passwords for visitors (RFC 7617), from a file of scrypt hashes (RFC 7914). A right
// password is remembered by a keyed digest, so that only the first request of a visitor costs a hash;
// how many are being checked at once is bounded.
import { createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { SallyportError, badInput } from '@sallyport/protocol'

interface PasswordHash {
  readonly logN: number
  readonly blockSize: number
  readonly parallel: number
  readonly salt: Buffer
  readonly hash: Buffer
}

/** 2^15 x 8 x 128 B = 32 MiB and some 60 ms a guess: OWASP's floor is 2^17 at r=8 for logins alone. */
const defaultCost = { logN: 15, blockSize: 8, parallel: 1 } as const
/** 2^20 x 8 x 128 B = 1 GiB: above it one request could end the agent. */
const maxHashMemory = 1024 ** 3
const hashBytes = 32
const saltBytes = 16
const cachedLogins = 256
/** libuv has four threads for hashes, files and names: two stay free. */
const parallelChecks = 2
const waitingChecks = 64

export interface BasicAuthOptions {
  /** Shown by browsers; no quotes. */
  readonly realm: string
  readonly users: ReadonlyMap<string, PasswordHash>
}

/**
 * One `name:$scrypt$ln=15,r=8,p=1$salt$hash` per line; empty lines and `#` lines are skipped.
 * @throws {SallyportError} SP_CONFIG. No part of a line is shown.
 */
export function parsePasswordFile(text: string, where: string): Map<string, PasswordHash> {
  const users = new Map<string, PasswordHash>()
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue
    const match =
      /^([^:]+):\$scrypt\$ln=([0-9]{1,2}),r=([0-9]{1,2}),p=([0-9]{1,2})\$([\w+/-]+=*)\$([\w+/-]+=*)$/.exec(
        line,
      )
    const [, name = '', logN, blockSize, parallel, salt = '', hash = ''] = match ?? []
    const entry: PasswordHash = {
      logN: Number(logN),
      blockSize: Number(blockSize),
      parallel: Number(parallel),
      salt: Buffer.from(salt, 'base64'),
      hash: Buffer.from(hash, 'base64'),
    }
    const isBounded =
      entry.logN >= 10 &&
      entry.blockSize > 0 &&
      entry.parallel > 0 &&
      memoryOf(entry) <= maxHashMemory &&
      entry.hash.length >= 16
    if (!match || !isBounded || users.has(name)) {
      throw badInput('SP_CONFIG', {
        what: 'password file',
        where: `${where} line ${index + 1}`,
        right: 'name:$scrypt$ln=15,r=8,p=1$SALT$HASH, each name once',
      })
    }
    users.set(name, entry)
  }
  return users
}

/** A line for the file. */
export async function formatPasswordLine(name: string, password: string): Promise<string> {
  const salt = randomBytes(saltBytes)
  const hash = await derive(password, { ...defaultCost, salt, hash: Buffer.alloc(hashBytes) })
  const { logN, blockSize, parallel } = defaultCost
  return `${name}:$scrypt$ln=${logN},r=${blockSize},p=${parallel}$${salt.toString('base64')}$${hash.toString('base64')}`
}

export class BasicAuth {
  /** The value of WWW-Authenticate. */
  readonly challenge: string
  readonly #users: ReadonlyMap<string, PasswordHash>
  readonly #decoy: PasswordHash
  readonly #cacheKey = randomBytes(32)
  /** Digests of Authorization fields that were right; the oldest first. */
  readonly #right = new Set<string>()
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(options: BasicAuthOptions) {
    this.challenge = `Basic realm="${options.realm}", charset="UTF-8"`
    this.#users = options.users
    // An unknown name costs as much time as a known one.
    const [first] = options.users.values()
    this.#decoy = first ?? {
      ...defaultCost,
      salt: randomBytes(saltBytes),
      hash: randomBytes(hashBytes),
    }
  }

  /**
   * True for the right name and password. At once when that is known, a promise otherwise.
   * @throws {SallyportError} SP_HTTP_BUSY, also by the promise.
   */
  check(authorization: string | undefined): boolean | Promise<boolean> {
    const login = parseBasic(authorization)
    if (!login || authorization === undefined) return false
    const digest = createHmac('sha256', this.#cacheKey).update(authorization).digest('base64')
    if (this.#right.delete(digest)) {
      this.#right.add(digest)
      return true
    }
    if (this.#running >= parallelChecks && this.#waiting.length >= waitingChecks) {
      throw new SallyportError('SP_HTTP_BUSY', 'too many passwords are being checked')
    }
    return this.#verify(login, digest)
  }

  async #verify(login: Login, digest: string): Promise<boolean> {
    if (this.#running >= parallelChecks) {
      // The place is handed over by the one that leaves it.
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    } else {
      this.#running++
    }
    try {
      const known = this.#users.get(login.name)
      const expected = known ?? this.#decoy
      const hash = await derive(login.password, expected)
      if (!timingSafeEqual(hash, expected.hash) || !known) return false
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#running--
    }
    this.#right.add(digest)
    if (this.#right.size > cachedLogins) {
      const [oldest] = this.#right
      if (oldest !== undefined) this.#right.delete(oldest)
    }
    return true
  }
}

interface Login {
  readonly name: string
  readonly password: string
}

function parseBasic(authorization: string | undefined): Login | undefined {
  const match = /^basic +([\w+/]+=*) *$/i.exec(authorization ?? '')
  if (!match) return undefined
  const text = Buffer.from(match[1] ?? '', 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon < 0 ? undefined : { name: text.slice(0, colon), password: text.slice(colon + 1) }
}

function memoryOf(cost: { readonly logN: number; readonly blockSize: number }): number {
  return 128 * 2 ** cost.logN * cost.blockSize
}

function derive(password: string, target: PasswordHash): Promise<Buffer> {
  const { logN, blockSize, parallel, salt, hash } = target
  const options = { N: 2 ** logN, r: blockSize, p: parallel, maxmem: 2 * memoryOf(target) }
  return new Promise((resolve, reject) => {
    scrypt(password, salt, hash.length, options, (error, derived) => {
      if (error) reject(error)
      else resolve(derived)
    })
  })
}
