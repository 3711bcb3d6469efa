// The life of a stream as a table: two ends that close on their own, and a reset that closes both.
// Whether the peer has accepted, and whether a direction waits for credit, are other facts, kept
// elsewhere.

export type StreamState = 'open' | 'sendEnded' | 'receiveEnded' | 'closed'

/** sendEnd: our FIN. receiveEnd: the peer's FIN. reset: RST of either side, or the session lost. */
export type StreamEvent = 'sendEnd' | 'receiveEnd' | 'reset'

/** A missing entry is an event that cannot happen in that state. */
export const streamTransitions: Record<StreamState, Partial<Record<StreamEvent, StreamState>>> = {
  open: { sendEnd: 'sendEnded', receiveEnd: 'receiveEnded', reset: 'closed' },
  sendEnded: { receiveEnd: 'closed', reset: 'closed' },
  receiveEnded: { sendEnd: 'closed', reset: 'closed' },
  closed: {},
}

/** True while this end may send data. */
export function canSend(state: StreamState): boolean {
  return state === 'open' || state === 'receiveEnded'
}

/** True while the peer may send data. */
export function canReceive(state: StreamState): boolean {
  return state === 'open' || state === 'sendEnded'
}
