// Why a session was closed, in the WebSocket close frame (docs/protocol.md §9; RFC 6455 §7.4): 4000–4999
// are the application's. A retired number is never used again.
import type { ErrorCode } from './errors.ts'

const closeCodes: readonly (readonly [number, ErrorCode])[] = [
  [4000, 'SP_SESSION_LOST'], // no reason that the other end could act on
  [4001, 'SP_REPLACED'],
  [4002, 'SP_DRAINING'],
  [4003, 'SP_NOT_PERMITTED'],
  [4004, 'SP_ROUTE_HELD'],
  [4005, 'SP_PORT_TAKEN'],
  [4006, 'SP_PROTOCOL'],
  [4007, 'SP_VERSION'],
  [4008, 'SP_DEAD_PEER'],
  [4009, 'SP_INTERNAL'],
  [4010, 'SP_KEY_REFUSED'], // the key was removed while its session stood
]

const numbers = new Map(closeCodes.map(([number, code]) => [code, number]))

/** The close code that tells the other end of an error; 4000 where the error is no concern of its. */
export function closeCodeOf(code: ErrorCode): number {
  return numbers.get(code) ?? 4000
}

const errorCodes = new Map<number, ErrorCode>([
  ...closeCodes,
  // What a WebSocket library sends by itself about frames that it refuses.
  [1002, 'SP_PROTOCOL'], // protocol error
  [1003, 'SP_PROTOCOL'], // unacceptable type
  [1007, 'SP_PROTOCOL'], // not UTF-8
  [1009, 'SP_PROTOCOL'], // too big
])

/** What a received close code means. An unknown one, or none (1005, 1006): the session was lost. */
export function errorCodeOfClose(closeCode: number): ErrorCode {
  return errorCodes.get(closeCode) ?? 'SP_SESSION_LOST'
}
