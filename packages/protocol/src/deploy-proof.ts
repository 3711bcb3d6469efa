// What opens the relay's deploy door and what it may run: signatures of the deploy key, whose public
// half a relay got when it was claimed (docs/protocol.md §12).
import { createHash } from 'node:crypto'

/** TLS exporter of the deploy door (RFC 5705 §4), exporterBytes long, no context. */
export const deployExporterLabel = 'EXPERIMENTAL-sallyport-deploy-1'

/** Bytes of the proof with which a connection to the deploy door begins: one Ed25519 signature. */
export const deployProofBytes = 64

/** What the deploy key signs for this TLS connection alone. */
export function deployProof(exporter: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from('deploy'), exporter])
}

/**
 * What the deploy key signs of a bundle. Bound to no connection: the machine checks it again at every
 * start, so that nothing else is ever run.
 */
export function bundleProof(version: number, bundle: Uint8Array): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt32BE(version)
  return Buffer.concat([Buffer.from('bundle'), head, createHash('sha256').update(bundle).digest()])
}
