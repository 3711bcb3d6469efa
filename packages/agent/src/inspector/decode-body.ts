// Takes Content-Encoding off a captured body, for display: not further than a bound, because a bomb
// grows a thousandfold, and as far as it goes when the capture was cut.
import zlib from 'node:zlib'
import type { Transform } from 'node:stream'
import { maxCodings, maxDecodedBytes } from './limits.ts'

export interface DecodedBody {
  readonly bytes: Buffer
  /** It went on past the bound. */
  readonly isCut: boolean
  /** Why it is not, or not wholly, decoded. */
  readonly problem: string | undefined
}

const decoders: Readonly<Record<string, () => Transform>> = {
  gzip: () => zlib.createGunzip({ finishFlush: zlib.constants.Z_SYNC_FLUSH }),
  'x-gzip': () => zlib.createGunzip({ finishFlush: zlib.constants.Z_SYNC_FLUSH }),
  // RFC 9110 §8.4.1.2 means zlib's form; createUnzip takes it too.
  deflate: () => zlib.createUnzip({ finishFlush: zlib.constants.Z_SYNC_FLUSH }),
  br: () => zlib.createBrotliDecompress({ finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH }),
  zstd: () => zlib.createZstdDecompress(),
}

/** Never rejects: what cannot be decoded comes back as it is, with the reason. */
export async function decodeBody(
  bytes: Buffer,
  contentEncoding: string | undefined,
  maxBytes = maxDecodedBytes,
): Promise<DecodedBody> {
  const codings = (contentEncoding ?? '')
    .split(',')
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== '' && coding !== 'identity')
  if (codings.length > maxCodings) {
    return { bytes, isCut: false, problem: `${codings.length} codings, one over the other` }
  }
  let decoded: DecodedBody = { bytes, isCut: false, problem: undefined }
  for (const coding of codings.toReversed()) {
    const create = decoders[coding]
    if (!create) return { ...decoded, problem: `the coding is unknown: ${coding}` }
    if (decoded.bytes.length === 0) return decoded
    decoded = await inflate(create, decoded.bytes, maxBytes)
    if (decoded.problem !== undefined) return decoded
  }
  return decoded
}

function inflate(create: () => Transform, bytes: Buffer, maxBytes: number): Promise<DecodedBody> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = []
    let length = 0
    let isOver = false
    const finish = (isCut: boolean, problem?: string): void => {
      if (isOver) return
      isOver = true
      const isUseless = problem !== undefined && length === 0
      const text = isUseless ? bytes : Buffer.concat(pieces).subarray(0, maxBytes)
      resolve({ bytes: text, isCut, problem })
      decoder.destroy()
    }
    const decoder = create()
    decoder.on('data', (piece: Buffer) => {
      pieces.push(piece)
      length += piece.length
      if (length > maxBytes) finish(true)
    })
    decoder.once('end', () => finish(false))
    decoder.once('error', (error: Error) => finish(false, error.message))
    decoder.end(bytes)
  })
}
