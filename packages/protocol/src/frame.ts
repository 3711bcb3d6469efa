// The 12 bytes of a yamux header (byte path 6/8). hashicorp/yamux specification, version 0:
//
//   0        1        2                 4                                   8                          12
//   | version | type   | flags           | stream id                         | length                   |
//
// docs/protocol.md §4. No I/O, no state.

export const headerBytes = 12
export const protocolVersion = 0

/** Frame types. `length` means: data = payload bytes, window update = credit, ping = opaque value, go away = reason. */
export const FrameType = { data: 0, windowUpdate: 1, ping: 2, goAway: 3 } as const
export type FrameType = (typeof FrameType)[keyof typeof FrameType]

/** Flags; several may be set in one frame. */
export const Flag = { none: 0, syn: 1, ack: 2, fin: 4, rst: 8 } as const

/** Every flag that the specification knows. */
export const knownFlags = Flag.syn | Flag.ack | Flag.fin | Flag.rst

/** Reasons of a go away frame. */
export const GoAway = { normal: 0, protocolError: 1, internalError: 2 } as const
export type GoAway = (typeof GoAway)[keyof typeof GoAway]

/** The stream id of frames that concern the whole session. */
export const sessionStreamId = 0

/** Ids are unsigned 32 bit; the side that dialled uses odd ones, the other even ones. */
export const maxStreamId = 0xffff_ffff

/** Writes a header at `offset`. Shifts, not `writeUInt32BE`: this is on the way of every byte. */
export function writeHeader(
  target: Uint8Array,
  offset: number,
  type: FrameType,
  flags: number,
  streamId: number,
  length: number,
): void {
  target[offset] = protocolVersion
  target[offset + 1] = type
  target[offset + 2] = flags >>> 8
  target[offset + 3] = flags
  target[offset + 4] = streamId >>> 24
  target[offset + 5] = streamId >>> 16
  target[offset + 6] = streamId >>> 8
  target[offset + 7] = streamId
  target[offset + 8] = length >>> 24
  target[offset + 9] = length >>> 16
  target[offset + 10] = length >>> 8
  target[offset + 11] = length
}
