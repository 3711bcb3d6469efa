// What the inspector's server tells its page, as JSON. Types only: the page is built from them too.

export type Field = readonly [name: string, value: string]

/** A row of the list. */
export interface ExchangeSummary {
  readonly id: string
  readonly tunnel: string
  readonly method: string
  readonly target: string
  readonly startedAt: number
  /** Absent while nothing has come back. */
  readonly status?: number
  /** Absent while it goes on. */
  readonly durationMs?: number
  readonly requestBytes: number
  readonly responseBytes: number
  readonly error?: { readonly code: string; readonly message: string }
  readonly isWebSocket?: true
  readonly replayOf?: string
}

export interface ExchangeDetail extends ExchangeSummary {
  readonly publicUrl: string
  readonly httpVersion: string
  readonly visitorAddress: string
  readonly targetLabel: string
  readonly reason?: string
  readonly timing: Timing
  readonly request: MessageView
  readonly response?: MessageView
  readonly webSocket?: { readonly visitor: BodyView; readonly origin: BodyView }
  /** Why it cannot be sent again as it is. */
  readonly noReplay?: string
}

/** Milliseconds; absent where it has not come so far. */
export interface Timing {
  /** Until the whole request had come through the tunnel. */
  readonly tunnelMs?: number
  /** From there to the head of the answer. */
  readonly originMs?: number
  /** From there to its last byte. */
  readonly transferMs?: number
}

export interface MessageView {
  readonly fields: readonly Field[]
  readonly body: BodyView
}

export interface BodyView {
  readonly kind: 'empty' | 'json' | 'xml' | 'form' | 'multipart' | 'image' | 'text' | 'hex'
  readonly mediaType: string
  /** Bytes that passed, and those that were kept. */
  readonly seenBytes: number
  readonly keptBytes: number
  /** What is worth knowing: it was cut, decoded, or could not be. */
  readonly notes: readonly string[]
  /** Made readable; control characters written out. */
  readonly text?: string
  /** The body as text that a replay may send again; absent where it is none, or not whole. */
  readonly editable?: string
  readonly form?: readonly Field[]
  readonly parts?: readonly PartView[]
  /** A data: URL. */
  readonly image?: string
}

export interface PartView {
  readonly name: string
  readonly fileName?: string
  readonly mediaType: string
  readonly bytes: number
  readonly text: string
}

export interface VisitView {
  readonly id: number
  readonly tunnel: string
  readonly visitor: string
  readonly startedAt: number
  readonly durationMs: number
  readonly bytesIn: number
  readonly bytesOut: number
  readonly endedBy: string
  readonly message?: string
}

export interface TunnelView {
  readonly name: string
  readonly publicUrl: string
  readonly protocol: string
  readonly target: string
  readonly requests: number
  readonly visits: number
}

/** For the status page. Series are oldest first, one value a bucket. */
export interface StatusView {
  readonly version: string
  readonly tunnels: readonly TunnelView[]
  readonly held: { readonly exchanges: number; readonly bytes: number; readonly maxBytes: number }
  readonly unkept: number
  readonly bucketS: number
  readonly agoS: readonly number[]
  readonly requests: readonly number[]
  readonly failed: readonly number[]
  readonly bytesIn: readonly number[]
  readonly bytesOut: readonly number[]
  /** Milliseconds; null where nothing ended. */
  readonly p50: readonly (number | null)[]
  readonly p95: readonly (number | null)[]
  readonly p99: readonly (number | null)[]
}

/** A line of the live stream. */
export type LiveMessage =
  | {
      readonly type: 'snapshot'
      readonly exchanges: readonly ExchangeSummary[]
      readonly held: number
    }
  /** `gone`: those that no longer match the filter. */
  | {
      readonly type: 'changed'
      readonly exchanges: readonly ExchangeSummary[]
      readonly gone: readonly string[]
    }
  | { readonly type: 'cleared' }
  /** Says that the agent is there. */
  | { readonly type: 'alive' }

/** What a replay may change. */
export interface ReplayEdits {
  readonly method?: string
  readonly target?: string
  readonly fields?: readonly Field[]
  /** The whole body, as text or as base64. */
  readonly body?: string
  readonly bodyBase64?: string
}
