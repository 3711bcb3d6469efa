// The yamux header once more, written in the plainest way (a fresh DataView each time, whole buffers
// only): a twin for the differential tests of @sallyport/protocol's codec, and the hand of peers that
// say what no session would.

export interface NaiveFrame {
  readonly type: number
  readonly flags: number
  readonly streamId: number
  readonly length: number
  /** Only data frames have one. */
  readonly payload: Buffer
  readonly version?: number
}

export const naiveHeaderBytes = 12

/** One frame as bytes. `payload` need not have the length that the header claims. */
export function naiveEncode(frame: {
  readonly type?: number
  readonly flags?: number
  readonly streamId?: number
  readonly length?: number
  readonly payload?: Uint8Array
  readonly version?: number
}): Buffer {
  const payload = frame.payload ?? new Uint8Array(0)
  const bytes = new Uint8Array(naiveHeaderBytes + payload.length)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, frame.version ?? 0)
  view.setUint8(1, frame.type ?? 0)
  view.setUint16(2, frame.flags ?? 0)
  view.setUint32(4, frame.streamId ?? 0)
  view.setUint32(8, frame.length ?? payload.length)
  bytes.set(payload, naiveHeaderBytes)
  return Buffer.from(bytes.buffer)
}

/** All whole frames of `bytes`, and how many bytes at the end belong to none. No rule is checked. */
export function naiveDecode(bytes: Uint8Array): { frames: NaiveFrame[]; rest: number } {
  const frames: NaiveFrame[] = []
  let at = 0
  while (bytes.length - at >= naiveHeaderBytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, naiveHeaderBytes)
    const type = view.getUint8(1)
    const length = view.getUint32(8)
    const payloadBytes = type === 0 ? length : 0
    const end = at + naiveHeaderBytes + payloadBytes
    if (end > bytes.length) break
    frames.push({
      version: view.getUint8(0),
      type,
      flags: view.getUint16(2),
      streamId: view.getUint32(4),
      length,
      payload: Buffer.from(bytes.subarray(at + naiveHeaderBytes, end)),
    })
    at = end
  }
  return { frames, rest: bytes.length - at }
}
