// An HTTP/1 visitor's side of the editing splice (byte path 8): cuts its stream into requests, lets one
// at a time through the gate to an origin, and answers itself where no origin does. What the visitor sends
// ahead waits in the stream's window: no credit is given for it.
import type { StreamReceiver } from '@sallyport/mux'
import type { SallyportError } from '@sallyport/protocol'
import type { EdgeSetup } from './edge-setup.ts'
import type { HttpTarget, VisitorStream } from './ends.ts'
import { answerError } from './error-answer.ts'
import { Exchange, type ExchangeHost } from './exchange.ts'
import { observeRequest } from './exchange-tap.ts'
import { asSallyportError, failure } from './failure.ts'
import { HeadIntake } from './head-intake.ts'
import { IdleVisitor } from './idle-visitor.ts'
import { LingeringClose } from './lingering-close.ts'
import { idleVisitorMs } from './limits.ts'
import type { OriginConnection } from './origin-connection.ts'
import { OriginShelf } from './origin-shelf.ts'
import { createOriginSilence } from './origin-silence.ts'
import { type RequestHead, hasBody } from './request-head.ts'
import { type RequestPass, readRequest } from './request-pass.ts'
import { RequestSender } from './request-sender.ts'
import type { SilenceTimer } from './silence-timer.ts'
import { VisitorInput } from './visitor-input.ts'
import { VisitorOutput } from './visitor-output.ts'

/**
 * head: the next bytes are a request's head · routing: a head is there, an origin is not yet ·
 * body: the request's body passes · answer: the request is whole, its answer is not · websocket: raw both
 * ways · linger: answered for the last time, what comes is dropped · closed
 */
type Phase = 'head' | 'routing' | 'body' | 'answer' | 'websocket' | 'linger' | 'closed'

type Refusal = SallyportError | undefined
type OnClose = (error: Error | undefined) => void

const noBytes = Buffer.alloc(0)

export class Http1Visitor implements StreamReceiver, ExchangeHost {
  readonly #stream: VisitorStream
  readonly #output: VisitorOutput
  readonly #onClose: OnClose
  readonly #input: VisitorInput
  readonly #intake: HeadIntake
  readonly #shelf: OriginShelf
  readonly #sender = new RequestSender()
  readonly #silence: SilenceTimer
  readonly #idle: IdleVisitor
  readonly setup: EdgeSetup
  isClosing = false
  #phase: Phase = 'head'
  #exchange: Exchange | undefined
  #linger: LingeringClose | undefined
  #isOver = false

  /** `onClose`: nothing is left of the visitor, nor of its origin connections. */
  constructor(stream: VisitorStream, setup: EdgeSetup, onClose: OnClose) {
    this.#stream = stream
    this.setup = setup
    this.#onClose = onClose
    this.#input = new VisitorInput(stream)
    this.#output = new VisitorOutput(stream)
    this.#intake = new HeadIntake(setup.clock, () =>
      this.#refuse(failure('SP_HTTP_REQUEST_TIMEOUT', 'the head of the request came too slowly')),
    )
    this.#shelf = new OriginShelf(setup.clock, setup.dialTimeoutMs)
    this.#silence = createOriginSilence(
      setup,
      () => this.#exchange?.waitsForVisitor ?? false,
      (error) => this.#fail(error),
    )
    this.#idle = new IdleVisitor({
      clock: setup.clock,
      isIdle: () => this.#phase === 'head' && !this.#intake.isCut && this.#input.isEmpty,
      // Who neither asks nor leaves is not waited for as long as who reads a last answer slowly.
      onIdle: () => this.#finish(idleVisitorMs),
    })
  }

  // --- the visitor's stream ---------------------------------------------------------------------

  onData(chunk: Buffer): void {
    if (this.#phase === 'closed') return
    this.#input.add(chunk)
    this.#pump()
  }

  onEnd(): void {
    if (this.#phase === 'closed') return
    this.#input.hasEnded = true
    this.#pump()
  }

  onReset(error: SallyportError): void {
    this.#close(error)
  }

  onDrain(): void {
    if (this.#output.drained()) {
      this.#exchange?.origin?.resume()
      this.#pump()
    }
    if (this.#isOver && !this.#output.isPending) this.#close()
  }

  write(bytes: Buffer, start: number, end: number): boolean {
    return this.#output.write(bytes, start, end)
  }

  /** Ends after the answer under way, and takes no further request. */
  drain(): void {
    this.isClosing = true
    if (this.#phase !== 'closed') this.#idle.drain()
  }

  /** Ends at once: the visitor sees a broken connection. */
  abort(): void {
    if (this.#phase !== 'closed') this.#break(failure('SP_ABORTED', 'the visitor was given up'))
  }

  /** Takes what came, as far as the phase allows. */
  #pump(): void {
    this.#input.pump(this.#take)
    // A part of a head is held, so it is not given credit for.
    if (!this.#sender.isBlocked && !this.#intake.isCut) this.#input.credit()
    if (this.#input.hasEnded && this.#input.isEmpty) this.#onInputEnd()
  }

  /** Returns how many bytes of the chunk were taken; 0: not now. */
  readonly #take = (chunk: Buffer): number => {
    try {
      switch (this.#phase) {
        case 'head': {
          // A visitor that takes no answers gets no further ones.
          if (this.#output.isBlocked) return 0
          const next = this.#intake.push(chunk)
          return next < 0 ? chunk.length : this.#onHead(chunk, next)
        }
        case 'body': {
          this.#silence.touch()
          const next = this.#sender.push(chunk, 0)
          if (this.#sender.isDone) this.#onRequestEnd()
          return next
        }
        case 'websocket':
          if (this.#exchange) this.#sender.isBlocked = !this.#exchange.fromVisitor(chunk)
          return chunk.length
        case 'linger':
          this.#linger?.dropped(chunk.length)
          return chunk.length
        case 'closed':
          return chunk.length
        case 'routing':
        case 'answer':
          return 0
      }
    } catch (error) {
      this.#fail(asSallyportError(error))
      return chunk.length
    }
  }

  /** The visitor's FIN, once everything before it was taken. */
  #onInputEnd(): void {
    switch (this.#phase) {
      case 'head':
        if (!this.#intake.isCut) this.#finish()
        else this.#refuse(failure('SP_HTTP_BAD_REQUEST', 'the request ends within its head'))
        return
      case 'body':
        // Cut short: the origin sees so by its framing, and may still answer.
        this.#exchange?.origin?.endWrites()
        return
      case 'websocket':
        this.#exchange?.visitorEnded()
        return
      case 'linger':
        this.onBothEnded()
        return
      case 'routing':
      case 'answer':
      case 'closed':
        return
    }
  }

  // --- from a head to an origin -----------------------------------------------------------------

  /** A whole head; returns the offset up to which the chunk was taken. */
  #onHead(chunk: Buffer, next: number): number {
    const { head } = this.#intake
    if (!head) return next
    const pass = readRequest(this.setup, head)
    if (!(pass.verdict instanceof Promise)) return this.#route(pass, pass.verdict, chunk, next)
    this.#phase = 'routing'
    void pass.verdict.then((refusal) => {
      if (this.#phase === 'routing') this.#route(pass, refusal, noBytes, 0)
      this.#pump()
    })
    return next
  }

  #route(pass: RequestPass, refusal: Refusal, chunk: Buffer, at: number): number {
    const { request, target } = pass
    if (refusal || !target) {
      this.#refuse(refusal ?? failure('SP_HTTP_NO_TARGET', 'no target covers the path'), request)
      return at
    }
    const idle = this.#shelf.idle(target)
    if (idle) return this.#send(pass, target, idle, chunk, at)

    this.#phase = 'routing'
    this.#shelf.dial(target, {
      ready: (origin) => {
        this.#send(pass, target, origin, noBytes, 0)
        this.#pump()
      },
      failed: (error) => {
        this.#refuse(error, request)
        this.#pump()
      },
    })
    return at
  }

  #send(
    pass: RequestPass,
    target: HttpTarget,
    origin: OriginConnection,
    chunk: Buffer,
    at: number,
  ): number {
    const { head } = this.#intake
    if (!head) return at
    const { request } = pass
    const observer = observeRequest(this.setup, target, request, head)
    const exchange = new Exchange(this, request, target, this.#sender, this.#silence, observer)
    this.#exchange = exchange
    this.#phase = 'body'
    exchange.begin(origin)
    const { policy, defaultHost } = this.setup
    const edit = { policy, defaultHost, forwarded: pass.forwarded }
    const next = this.#sender.begin(origin, head, request, edit, observer, chunk, at)
    this.#intake.release()
    if (this.#sender.isDone) this.#onRequestEnd()
    return next
  }

  #onRequestEnd(): void {
    this.#phase = 'answer'
    this.#exchange?.observer?.tell((observer) => observer.onRequestEnd?.())
  }

  // --- the exchange -----------------------------------------------------------------------------

  onExchangeEnd(exchange: Exchange): void {
    if (!this.#sender.isDone) exchange.origin?.abort()
    this.#endExchange(undefined)
    if (exchange.isLast || this.isClosing) this.#finish()
    else this.#awaitHead()
    this.#pump()
  }

  onOriginLost(exchange: Exchange, error: SallyportError): void {
    if (!this.#sender.isRepeatable || !exchange.origin?.mayBeStale) {
      this.#fail(error)
      this.#pump()
      return
    }
    exchange.origin = undefined
    this.#shelf.dial(exchange.target, {
      ready: (fresh) => {
        exchange.begin(fresh)
        this.#sender.repeat(fresh)
      },
      failed: (refusal) => this.onOriginLost(exchange, refusal),
    })
  }

  onOriginDrain(): void {
    this.#sender.isBlocked = false
    this.#input.credit()
  }

  onWebSocketBegin(): void {
    this.#phase = 'websocket'
    this.#pump()
  }

  onWebSocketEnd(): void {
    this.#output.end()
  }

  // --- ends -------------------------------------------------------------------------------------

  /** The exchange, or the head that was to begin one, has failed. */
  #fail(error: SallyportError): void {
    const exchange = this.#exchange
    if (!exchange?.hasAnswered) {
      this.#refuse(error, exchange?.request)
      return
    }
    // The visitor must not take what it got for the whole.
    this.#break(error)
  }

  #break(error: SallyportError): void {
    this.#stream.reset()
    this.#close(error)
  }

  /** Answers with an error page. Without a request nothing behind it can be read. */
  #refuse(error: SallyportError, request?: RequestHead): void {
    const isDone = this.#exchange ? this.#sender.isDone : request && !hasBody(request)
    const isLast = !isDone || !request?.isPersistent || this.isClosing
    this.#endExchange(error)
    answerError(this, error, request, isLast, this.setup.policy)
    if (isLast) this.#finish()
    else this.#awaitHead()
  }

  #awaitHead(): void {
    this.#phase = 'head'
    this.#idle.touch()
  }

  #endExchange(error: Refusal): void {
    if (error) this.#exchange?.origin?.abort()
    this.#exchange?.finish(error)
    this.#exchange = undefined
    this.#shelf.cancel()
    this.#sender.release()
    this.#intake.release()
  }

  /** FIN to the visitor; its own may still come. */
  #finish(idleMs = this.setup.halfClosedIdleMs): void {
    this.#phase = 'linger'
    this.#idle.stop()
    this.#intake.release()
    this.#shelf.close()
    this.#output.end()
    this.#linger = new LingeringClose(this.setup.clock, idleMs, () => this.abort())
    this.#linger.dropped(this.#input.drop())
    this.#input.credit()
    if (this.#input.hasEnded) this.onBothEnded()
  }

  /** What the visitor has not taken yet still goes to it. */
  onBothEnded(): void {
    this.#isOver = true
    if (!this.#output.isPending) this.#close()
  }

  /** `error`: what it broke on, and the exchange under way with it. */
  #close(error?: SallyportError): void {
    if (this.#phase === 'closed') return
    this.#phase = 'closed'
    this.#idle.stop()
    this.#linger?.stop()
    this.#endExchange(error)
    this.#shelf.close()
    this.#input.drop()
    this.#input.credit()
    this.#onClose(error)
  }
}
