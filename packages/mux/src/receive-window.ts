// Credit that one stream's peer has, as this end counts it. Credit goes back when the sink took the
// bytes, never on receipt, and the window follows the path: 2 x delivery rate x smallest RTT
//, from 256 KiB to 16 MiB. Pure: time and RTT are arguments.
import { initialWindowBytes, maxWindowBytes } from '@sallyport/protocol'

/**
 * A rate is taken over at least this long, because bytes arrive in bursts: ten event-loop turns of
 * a busy process at about 1 ms.
 */
const rateIntervalMs = 10

/**
 * Below this RTT it is the turns of the two processes, not the path, that decide how much must be
 * under way. On a busy loopback 0.8 ms instead (1 MiB at 600 MB/s) cost 10 to 20 % more CPU per GB, and
 * 8 ms gained nothing more.
 */
const smallestRttMs = 3

export class ReceiveWindow {
  /** The window announced: what may be received and not yet taken. */
  size = initialWindowBytes
  /** What the peer may still send. */
  available = initialWindowBytes
  /** Taken by the sink and not yet given back. */
  #owed = 0
  #intervalStart: number | undefined
  #intervalBytes = 0

  /** Bytes received that the sink has not taken. */
  get held(): number {
    return this.size - this.available - this.#owed
  }

  /** Counts received bytes; false when they exceed what the peer was given. */
  receive(bytes: number): boolean {
    if (bytes > this.available) return false
    this.available -= bytes
    return true
  }

  /**
   * Counts bytes that the sink took.
   * @returns the credit to give back now; 0 while it is less than a quarter window, so that
   * updates stay few.
   */
  taken(bytes: number): number {
    this.#owed += bytes
    this.#intervalBytes += bytes
    if (this.#owed < this.size / 4) return 0
    const credit = this.#owed
    this.#owed = 0
    this.available += credit
    return credit
  }

  /**
   * The growth that the path asks for and `isGranted` allows; 0 most of the time. Call it when
   * credit goes back, which is when the sink takes bytes.
   */
  grow(nowMs: number, rttMs: number | undefined, isGranted: (growth: number) => boolean): number {
    const start = this.#intervalStart
    if (start === undefined || rttMs === undefined) {
      this.#restart(nowMs)
      return 0
    }
    const elapsed = nowMs - start
    if (elapsed < Math.max(rateIntervalMs, rttMs)) return 0
    const target = (2 * Math.max(rttMs, smallestRttMs) * this.#intervalBytes) / elapsed
    this.#restart(nowMs)
    const growth = Math.min(Math.floor(target), maxWindowBytes) - this.size
    // Small corrections are noise of the measurement, and each costs an update.
    if (growth < this.size / 4 || !isGranted(growth)) return 0
    this.size += growth
    this.available += growth
    return growth
  }

  #restart(nowMs: number): void {
    this.#intervalStart = nowMs
    this.#intervalBytes = 0
  }
}
