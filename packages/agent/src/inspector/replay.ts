// Sends a captured request again, as it was or with edits, and records the answer as an exchange of its
// own. How the origin is reached is passed in.
import type { Clock } from '@sallyport/mux'
import { SallyportError, badInput, isSallyportError } from '@sallyport/protocol'
import type { FieldList } from '../http/field-list.ts'
import { type Exchange, fieldValue } from './exchange.ts'
import { maxBodyBytes, maxEditedFields, maxReplays, replayTimeoutMs } from './limits.ts'
import type { Recorder } from './recorder.ts'
import { isRecomputed } from './replay-fields.ts'
import type { ReplayEdits } from './wire.ts'

export interface ReplayRequest {
  /** Id of the route whose origin is meant. */
  readonly route: string
  /** Of the visitor who asked first. */
  readonly visitorAddress: string
  readonly method: string
  readonly target: string
  /** Without those that belong to a connection or follow from the body. */
  readonly fields: FieldList
  readonly body: Buffer
}

export interface ReplayResponse {
  readonly status: number
  readonly reason: string
  readonly fields: FieldList
  readonly body: AsyncIterable<Uint8Array>
}

/** Rejects with a SallyportError, as visitors' requests fail. */
export type SendReplay = (request: ReplayRequest, signal: AbortSignal) => Promise<ReplayResponse>

export interface ReplayerOptions {
  readonly clock: Clock
  readonly recorder: Recorder
  readonly send: SendReplay
}

/** Why an exchange cannot be sent again as it is; edits that bring a body lift the last reason. */
export function noReplay(exchange: Exchange): string | undefined {
  const { webSocket, response, requestFields, requestBody, requestEndMs, endMs } = exchange
  if (webSocket || response?.status === 101) return 'A WebSocket cannot be sent again.'
  if (requestBody.isCut) {
    return `Only the first ${requestBody.bytes.length} bytes of its body were kept.`
  }
  if (/^application\/grpc\b/.test(fieldValue(requestFields, 'content-type') ?? '')) {
    return 'A gRPC call needs HTTP/2 and cannot be sent again.'
  }
  if (requestEndMs === undefined && endMs === undefined) return 'It has not come in wholly.'
  return undefined
}

export class Replayer {
  readonly #options: ReplayerOptions
  #running = 0

  constructor(options: ReplayerOptions) {
    this.#options = options
  }

  /**
   * Starts sending. @returns the new exchange, which goes on.
   * @throws {SallyportError} SP_USAGE when it cannot be sent again, or for edits of the wrong form.
   */
  start(original: Exchange, edits: ReplayEdits = {}): Exchange {
    const hasBody = edits.body !== undefined || edits.bodyBase64 !== undefined
    const reason = noReplay(original)
    if (reason !== undefined && !(hasBody && original.requestBody.isCut)) {
      throw new SallyportError('SP_USAGE', reason)
    }
    if (this.#running >= maxReplays) {
      throw new SallyportError('SP_USAGE', `${maxReplays} replays are under way: wait for one`)
    }
    const request = requestOf(original, edits)
    const { exchange, observer } = this.#options.recorder.record(
      original.route,
      {
        method: request.method,
        target: request.target,
        httpVersion: '1.1',
        visitorAddress: original.visitorAddress,
        targetLabel: original.targetLabel,
        fields: () => request.fields,
      },
      original.id,
    )
    this.#running += 1
    void this.#send(request, observer).finally(() => {
      this.#running -= 1
    })
    return exchange
  }

  async #send(
    request: ReplayRequest,
    observer: ReturnType<Recorder['record']>['observer'],
  ): Promise<void> {
    const { clock, send } = this.#options
    const { body } = request
    let responseBytes = 0
    let error: SallyportError | undefined
    const late = new AbortController()
    const timer = clock.setTimeout(() => late.abort(), replayTimeoutMs)
    try {
      observer.onRequestBody(body, 0, body.length)
      observer.onRequestEnd()
      const { status, reason, fields, body: pieces } = await send(request, late.signal)
      observer.onResponseHead({ status, reason, fields: () => fields })
      for await (const piece of pieces) {
        responseBytes += piece.length
        observer.onResponseBody(Buffer.from(piece), 0, piece.length)
      }
    } catch (cause) {
      const message = late.signal.aborted
        ? `the answer had not ended within ${replayTimeoutMs / 1_000} s`
        : cause instanceof Error
          ? cause.message
          : String(cause)
      error = isSallyportError(cause)
        ? cause
        : new SallyportError('SP_ORIGIN_LOST', message, { cause })
    } finally {
      clock.clearTimeout(timer)
    }
    observer.onEnd({ requestBytes: body.length, responseBytes, error })
  }
}

const token = /^[!#$%&'*+.^`|~\w-]{1,64}$/

function requestOf(original: Exchange, edits: ReplayEdits): ReplayRequest {
  const { method = original.method, target = original.target } = edits
  const wrong = (where: string, value: string, right: string): SallyportError =>
    badInput('SP_USAGE', { what: 'edit', where, value, right })
  if (!token.test(method) || method === 'CONNECT') throw wrong('method', method, 'a method: GET')
  // RFC 9112 §3.2: no white space, no controls; octets above are sent as they are written.
  if (!/^(?:\/[\u0021-\u007e\u0080-\u00ff]*|\*)$/.test(target)) {
    throw wrong('target', target, 'a path and a query, percent-encoded: /search?q=a%20b')
  }
  const fields = edits.fields ?? original.requestFields
  if (fields.length > maxEditedFields) {
    throw wrong('fields', String(fields.length), `at most ${maxEditedFields}`)
  }
  for (const [name, value] of fields) {
    if (!token.test(name)) throw wrong('fields', name, 'a name of letters, digits and dashes')
    if (!/^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(value)) {
      throw wrong(`fields: ${name}`, '', 'a value in one line, of Latin-1 characters')
    }
  }
  const body =
    edits.bodyBase64 !== undefined
      ? Buffer.from(edits.bodyBase64, 'base64')
      : edits.body !== undefined
        ? Buffer.from(edits.body, 'utf8')
        : original.requestBody.bytes
  if (body.length > maxBodyBytes) {
    throw wrong('body', `${body.length} bytes`, `at most ${maxBodyBytes} bytes`)
  }
  return {
    route: original.route,
    visitorAddress: original.visitorAddress,
    method,
    target,
    fields: fields.filter(([name]) => !isRecomputed(name)),
    body,
  }
}
