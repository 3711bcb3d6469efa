// One request with its answer, as it was captured. No code but what it costs to keep.
import type { ErrorCode } from '@sallyport/protocol'
import type { FieldList } from '../http/field-list.ts'
import type { TappedRequest } from '../http/index.ts'
import type { CapturedBody } from './captured-body.ts'
import { exchangeOverhead } from './limits.ts'

export interface Exchange {
  /** Counts from 1: people type it. */
  readonly id: string
  /** Id of the route that it came by. */
  readonly route: string
  readonly method: string
  /** Path and query. */
  readonly target: string
  readonly httpVersion: TappedRequest['httpVersion']
  readonly visitorAddress: string
  readonly targetLabel: string
  readonly requestFields: FieldList
  /** Milliseconds since 1970. */
  readonly startedAt: number
  /** The exchange that this one repeats. */
  readonly replayOf: string | undefined
  readonly requestBody: CapturedBody
  readonly responseBody: CapturedBody
  /** Set when it became a WebSocket: what each side sent. */
  webSocket: { readonly visitor: CapturedBody; readonly origin: CapturedBody } | undefined
  response: CapturedResponse | undefined
  /** Milliseconds after the start. */
  requestEndMs: number | undefined
  responseHeadMs: number | undefined
  endMs: number | undefined
  error: { readonly code: ErrorCode; readonly message: string } | undefined
}

export interface CapturedResponse {
  readonly status: number
  readonly reason: string
  readonly fields: FieldList
}

/** Bytes that fields take: two for each character, at worst, and the array around them. */
export function fieldBytes(fields: FieldList): number {
  return fields.reduce((sum, [name, value]) => sum + 2 * (name.length + value.length) + 64, 0)
}

/** Bytes of an exchange as it begins. */
export function initialBytes({ target, requestFields }: Exchange): number {
  return exchangeOverhead + 2 * target.length + fieldBytes(requestFields)
}

/** What one side's fields say under a name; several values joined as RFC 9110 §5.3 has it. */
export function fieldValue(fields: FieldList, name: string): string | undefined {
  const values = fields.filter(([one]) => one.toLowerCase() === name).map(([, value]) => value)
  return values.length === 0 ? undefined : values.join(', ')
}
