// The account's key and what it signs (RFC 8555 §6.2, RFC 7515, RFC 7518 §3.4): ES256, flattened JSON.
import {
  type KeyObject,
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
} from 'node:crypto'

/** The head of a signed message but for the key or the account. */
export interface JwsTarget {
  readonly url: string
  readonly nonce: string
  /** The account's URL; undefined before there is one: the key itself stands there. */
  readonly kid: string | undefined
}

export class AccountKey {
  readonly #key: KeyObject
  readonly #jwk: {
    readonly crv: string
    readonly kty: string
    readonly x: string
    readonly y: string
  }

  /** @throws what node:crypto throws when `pem` is no ECDSA P-256 key. */
  constructor(pem: string) {
    this.#key = createPrivateKey(pem)
    const { crv, kty, x, y } = createPublicKey(this.#key).export({ format: 'jwk' })
    if (crv !== 'P-256' || kty !== 'EC' || x === undefined || y === undefined) {
      throw new TypeError('not an ECDSA P-256 key')
    }
    // RFC 7638 §3.3 wants exactly these members, in this order.
    this.#jwk = { crv, kty, x, y }
  }

  /** PEM of a new one. */
  static generate(): string {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  }

  /** RFC 7638. */
  get thumbprint(): string {
    return createHash('sha256').update(JSON.stringify(this.#jwk)).digest('base64url')
  }

  /** The body of a POST; an undefined payload is POST-as-GET (RFC 8555 §6.3). */
  sign(payload: unknown, { url, nonce, kid }: JwsTarget): string {
    const who = kid === undefined ? { jwk: this.#jwk } : { kid }
    const head = encode(JSON.stringify({ alg: 'ES256', nonce, url, ...who }))
    const body = payload === undefined ? '' : encode(JSON.stringify(payload))
    const input = Buffer.from(`${head}.${body}`)
    const signature = sign('sha256', input, { key: this.#key, dsaEncoding: 'ieee-p1363' })
    return JSON.stringify({
      protected: head,
      payload: body,
      signature: signature.toString('base64url'),
    })
  }
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64url')
}
