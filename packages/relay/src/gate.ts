// Who may come in, by count: so many sockets and so many new ones a second from one address, so many
// callers who have not yet said what they want, so many visitors in all. What lies above the visitors'
// cap is kept back for agents, who are found by their hello. Counts what the relay hands to it; knows no
// sockets. Node's own maxConnections would close agents and visitors alike, unread.
import { type Clock, type Linked, LinkedSet } from '@sallyport/mux'
import { isLoopback } from '@sallyport/protocol'
import { addressKey } from './address-key.ts'
import { maxKnownAddresses } from './limits.ts'

export interface GateLimits {
  /** Sockets of one address. */
  readonly perAddress: number
  /** New sockets of one address in a second; twice as many at once. */
  readonly newPerSecond: number
  /** Callers of one address who say that they are agents and have not proved it. */
  readonly unprovenPerAddress: number
  /** Callers who are not yet routed or authenticated; one more sends the oldest away. */
  readonly undecided: number
  readonly visitors: number
  /** Of them, at one route: those who are served and those who wait. */
  readonly visitorsPerRoute: number
  /** Of them, served by the sessions of one agent's key. */
  readonly visitorsPerAgent: number
  readonly agents: number
  /** All who come through a proxy on this machine share the loopback's address. */
  readonly isLoopbackExempt: boolean
}

/** Why callers were turned away, for metrics. */
export type Refusal =
  | 'address'
  | 'rate'
  | 'unproven'
  | 'undecided'
  | 'visitors'
  | 'visitors-of-route'
  | 'visitors-of-agent'
  | 'agents'

interface Address {
  open: number
  unproven: number
  /** New sockets that it may still open now. */
  tokens: number
  filledMs: number
}

/** One caller, from accept to its end. */
export interface Pass {
  /** It said hello, as a visitor. False: no room, end it. */
  becomeVisitor(): boolean
  /** It said hello, as an agent. False: no room, end it. */
  becomeAgent(): boolean
  /** It is routed, or has proved who it is. */
  decide(): void
  leave(): void
}

export class Gate {
  readonly #clock: Pick<Clock, 'now'>
  #limits: GateLimits
  readonly #addresses = new Map<string, Address>()
  /** By age. */
  readonly #undecided = new LinkedSet<Caller>()
  readonly refused: Record<Refusal, number> = {
    address: 0,
    rate: 0,
    unproven: 0,
    undecided: 0,
    visitors: 0,
    'visitors-of-route': 0,
    'visitors-of-agent': 0,
    agents: 0,
  }
  visitors = 0
  agents = 0

  constructor(clock: Pick<Clock, 'now'>, limits: GateLimits) {
    this.#clock = clock
    this.#limits = limits
  }

  get limits(): GateLimits {
    return this.#limits
  }

  get undecided(): number {
    return this.#undecided.size
  }

  /** Other limits from now on; who is in stays. */
  limit(limits: GateLimits): void {
    this.#limits = limits
  }

  /** Somebody was accepted; undefined: turn it away. `end` is called when it must make room. */
  enter(ip: string, end: () => void): Pass | undefined {
    const { perAddress, undecided, isLoopbackExempt } = this.#limits
    const isExempt = isLoopbackExempt && isLoopback(ip)
    const address = isExempt ? undefined : this.#find(addressKey(ip))
    if (address && address.open >= perAddress) return this.#refuse('address')
    if (address && address.tokens < 1) return this.#refuse('rate')
    if (address) {
      address.open += 1
      address.tokens -= 1
    }
    const caller = new Caller(this, address, end)
    this.#undecided.add(caller)
    if (this.#undecided.size > undecided) {
      this.refused.undecided += 1
      this.#undecided.oldest?.end()
    }
    return caller
  }

  /** For its callers alone. */
  decided(caller: Caller): void {
    this.#undecided.delete(caller)
  }

  refuse(why: Refusal): false {
    this.refused[why] += 1
    return false
  }

  #refuse(why: Refusal): undefined {
    this.refused[why] += 1
  }

  /** The address with its tokens as they are now. */
  #find(key: string): Address {
    const { newPerSecond } = this.#limits
    const burst = 2 * newPerSecond
    const nowMs = this.#clock.now()
    let address = this.#addresses.get(key)
    if (!address) {
      if (this.#addresses.size >= maxKnownAddresses) this.#forget()
      address = { open: 0, unproven: 0, tokens: burst, filledMs: nowMs }
      this.#addresses.set(key, address)
    }
    const earned = ((nowMs - address.filledMs) * newPerSecond) / 1_000
    address.tokens = Math.min(burst, address.tokens + earned)
    address.filledMs = nowMs
    return address
  }

  /** Those who have nothing open; should one of them come back, it may do so with a full burst. */
  #forget(): void {
    for (const [key, { open }] of this.#addresses) {
      if (open === 0) this.#addresses.delete(key)
    }
  }
}

class Caller implements Pass, Linked<Caller> {
  older: Caller | undefined
  newer: Caller | undefined
  readonly end: () => void
  readonly #gate: Gate
  readonly #address: Address | undefined
  #role: 'unknown' | 'visitor' | 'agent' = 'unknown'
  #isProven = false
  #isOver = false

  constructor(gate: Gate, address: Address | undefined, end: () => void) {
    this.#gate = gate
    this.#address = address
    this.end = () => {
      this.leave()
      end()
    }
  }

  becomeVisitor(): boolean {
    if (this.#isOver) return false
    if (this.#gate.visitors >= this.#gate.limits.visitors) return this.#gate.refuse('visitors')
    this.#role = 'visitor'
    this.#gate.visitors += 1
    return true
  }

  becomeAgent(): boolean {
    if (this.#isOver) return false
    const { agents, unprovenPerAddress } = this.#gate.limits
    if (this.#gate.agents >= agents) return this.#gate.refuse('agents')
    if (this.#address && this.#address.unproven >= unprovenPerAddress) {
      return this.#gate.refuse('unproven')
    }
    this.#role = 'agent'
    this.#gate.agents += 1
    if (this.#address) this.#address.unproven += 1
    return true
  }

  decide(): void {
    this.#gate.decided(this)
    if (this.#role !== 'agent' || this.#isProven || this.#isOver) return
    this.#isProven = true
    if (this.#address) this.#address.unproven -= 1
  }

  leave(): void {
    if (this.#isOver) return
    this.decide()
    this.#isOver = true
    if (this.#address) this.#address.open -= 1
    if (this.#role === 'visitor') this.#gate.visitors -= 1
    if (this.#role === 'agent') this.#gate.agents -= 1
  }
}
