// The identity of an agent: an Ed25519 key (RFC 8032), its printable token, and the proof that goes
// into the upgrade request. docs/protocol.md §2.1, §3. What a key may claim is permission.ts.
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from 'node:crypto'

import { decodeBase64url } from './base64url.ts'
import { badInput } from './errors.ts'
import { Secret } from './secret.ts'

/**
 * TLS exporter (RFC 5705 §4: labels that begin so need no registration) for
 * `socket.exportKeyingMaterial(exporterBytes, exporterLabel)`, with no context.
 */
export const exporterLabel = 'EXPERIMENTAL-sallyport-agent-1'
/** As long as the hash of the weakest cipher suite of TLS 1.3. */
export const exporterBytes = 32

const tokenPrefix = 'sp1_'
const seedBytes = 32
const publicKeyBytes = 32
const signatureBytes = 64
/** A typo gets through once in 2^32. */
const checksumBytes = 4
/** 96 bits: to find another key with the id of a given one takes 2^96 tries. */
const keyIdBytes = 12

// DER up to the 32 bytes of the key (RFC 8410 §7 and §4).
const privateKeyPrefix = Buffer.from('302e020100300506032b657004220420', 'hex')
const publicKeyPrefix = Buffer.from('302a300506032b6570032100', 'hex')

/** An agent's key pair. Shows its id and public key; the token is a `Secret`. */
export class AgentKey {
  readonly keyId: string
  /** 32 bytes, raw. */
  readonly publicKey: Buffer
  /** The whole key in one printable string. */
  readonly token: Secret
  readonly #privateKey: KeyObject

  /** From the 32-byte seed of RFC 8032 §5.1.5. */
  constructor(seed: Uint8Array) {
    this.#privateKey = createPrivateKey({
      key: Buffer.concat([privateKeyPrefix, seed]),
      format: 'der',
      type: 'pkcs8',
    })
    const spki = createPublicKey(this.#privateKey).export({ format: 'der', type: 'spki' })
    this.publicKey = Buffer.from(spki.subarray(publicKeyPrefix.length))
    this.keyId = keyIdOf(this.publicKey)
    this.token = new Secret(
      tokenPrefix + Buffer.concat([seed, checksumOf(seed)]).toString('base64url'),
    )
  }

  /** The 64-byte Ed25519 signature over `data`. */
  sign(data: Uint8Array): Buffer {
    return sign(null, data, this.#privateKey)
  }
}

export function generateAgentKey(): AgentKey {
  return new AgentKey(randomBytes(seedBytes))
}

/** Reads a token. Throws SP_JOIN_STRING, which never shows it. */
export function parseToken(text: string, where = 'token'): AgentKey {
  const wrong = (right: string): Error =>
    badInput('SP_JOIN_STRING', { what: 'agent token', where, right })
  if (!text.startsWith(tokenPrefix)) throw wrong(`one that begins with ${tokenPrefix}`)
  const bytes = decodeBase64url(text.slice(tokenPrefix.length), seedBytes + checksumBytes)
  if (bytes === undefined) {
    throw wrong(`${tokenPrefix} and 48 characters of A-Z a-z 0-9 - _, as it was printed`)
  }
  const seed = bytes.subarray(0, seedBytes)
  if (!checksumOf(seed).equals(bytes.subarray(seedBytes))) {
    throw wrong('every character as it was printed: its checksum shows that one was changed')
  }
  return new AgentKey(seed)
}

/** The name of a key in the upgrade request and in lists: 16 characters of base64url. */
export function keyIdOf(publicKey: Uint8Array): string {
  return sha256(publicKey).subarray(0, keyIdBytes).toString('base64url')
}

/** True when `signature` over `data` is the key's; false for whatever else a peer may send. */
export function verifySignature(
  publicKey: Uint8Array,
  data: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (publicKey.length !== publicKeyBytes || signature.length !== signatureBytes) return false
  const key = createPublicKey({
    key: Buffer.concat([publicKeyPrefix, publicKey]),
    format: 'der',
    type: 'spki',
  })
  return verify(null, data, key, signature)
}

/** What an agent signs: bound to this TLS connection by its exporter, to this use by the words. */
export function agentProof(exporter: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from('sallyport/1 agent'), exporter])
}

/** The value of the upgrade request's `Authorization` header. */
export function formatAuthorization(keyId: string, signature: Uint8Array): string {
  return `Sallyport ${keyId}.${Buffer.from(signature).toString('base64url')}`
}

/** Reads the header; undefined when it is absent or of another form (the answer is 401 alike). */
export function parseAuthorization(
  header: string | undefined,
): { keyId: string; signature: Buffer } | undefined {
  // The scheme's case does not matter (RFC 9110 §11.1).
  const [, keyId = '', proof = ''] =
    /^sallyport ([\w-]{16})\.([\w-]{86})$/i.exec(header ?? '') ?? []
  const signature = decodeBase64url(proof, signatureBytes)
  if (signature === undefined || decodeBase64url(keyId, keyIdBytes) === undefined) return undefined
  return { keyId, signature }
}

function checksumOf(seed: Uint8Array): Buffer {
  return sha256(seed).subarray(0, checksumBytes)
}

function sha256(data: Uint8Array): Buffer {
  return createHash('sha256').update(data).digest()
}
