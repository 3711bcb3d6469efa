// The time that a caller of the front door has, from accept until it is routed or authenticated. Our
// own timer, because Node's handshakeTimeout ends nothing by itself.
import type { Socket } from 'node:net'
import type { Clock } from '@sallyport/mux'
import type { Pass } from './gate.ts'

export class Admission {
  /** On the clock given. */
  readonly acceptedMs: number
  readonly #clock: Clock
  readonly #timer: ReturnType<Clock['setTimeout']>

  readonly pass: Pass

  constructor(socket: Socket, clock: Clock, timeoutMs: number, pass: Pass) {
    this.pass = pass
    this.acceptedMs = clock.now()
    this.#clock = clock
    this.#timer = clock.setTimeout(() => socket.destroy(), timeoutMs)
    socket.once('close', () => {
      this.done()
      pass.leave()
    })
  }

  /** The caller is in, or gone. */
  done(): void {
    this.#clock.clearTimeout(this.#timer)
    this.pass.decide()
  }
}
