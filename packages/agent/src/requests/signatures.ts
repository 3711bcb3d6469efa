// Webhooks signed anew for a replay, with the secret of the person who replays: an old timestamp, or an
// edited body, would be refused. Pure.
//
// Stripe: docs.stripe.com/webhooks/signatures, "Verify webhook signatures manually": HMAC-SHA256 of
//   `TIME.BODY`, the whole secret (whsec_…) being the key; Stripe-Signature: t=TIME,v1=HEX
// GitHub: docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries: HMAC-SHA256 of the body;
//   X-Hub-Signature-256: sha256=HEX, and the older X-Hub-Signature: sha1=HEX
// Slack: api.slack.com/authentication/verifying-requests-from-slack: HMAC-SHA256 of `v0:TIME:BODY`;
//   X-Slack-Signature: v0=HEX, X-Slack-Request-Timestamp: TIME
import { createHmac } from 'node:crypto'
import type { Secret } from '@sallyport/protocol'

export const signers = ['stripe', 'github', 'slack'] as const
export type Signer = (typeof signers)[number]

type Field = readonly [name: string, value: string]

export interface SignedMessage {
  readonly fields: readonly Field[]
  readonly body: Buffer
}

interface Signing {
  /** Small letters: the field that shows that the message is signed so. */
  readonly mark: string
  /** New values by the names of their fields, in small letters; those that are not there stay away. */
  readonly sign: (secret: Secret, body: Buffer, seconds: number) => Readonly<Record<string, string>>
}

const hmac = (hash: 'sha256' | 'sha1', secret: Secret, ...parts: readonly (string | Buffer)[]) => {
  const mac = createHmac(hash, secret.reveal())
  for (const part of parts) mac.update(part)
  return mac.digest('hex')
}

const signings: Readonly<Record<Signer, Signing>> = {
  stripe: {
    mark: 'stripe-signature',
    sign: (secret, body, seconds) => ({
      'stripe-signature': `t=${seconds},v1=${hmac('sha256', secret, `${seconds}.`, body)}`,
    }),
  },
  github: {
    mark: 'x-hub-signature-256',
    sign: (secret, body) => ({
      'x-hub-signature-256': `sha256=${hmac('sha256', secret, body)}`,
      'x-hub-signature': `sha1=${hmac('sha1', secret, body)}`,
    }),
  },
  slack: {
    mark: 'x-slack-signature',
    sign: (secret, body, seconds) => ({
      'x-slack-signature': `v0=${hmac('sha256', secret, `v0:${seconds}:`, body)}`,
      'x-slack-request-timestamp': String(seconds),
    }),
  },
}

/** Whose signature a message carries. */
export function signerOf({ fields }: Pick<SignedMessage, 'fields'>): Signer | undefined {
  const names = new Set(fields.map(([name]) => name.toLowerCase()))
  return signers.find((signer) => names.has(signings[signer].mark))
}

/** The fields with new signatures in their places. `nowMs`: milliseconds since 1970. */
export function signAnew(
  { fields, body }: SignedMessage,
  signer: Signer,
  secret: Secret,
  nowMs: number,
): readonly Field[] {
  const values = signings[signer].sign(secret, body, Math.floor(nowMs / 1_000))
  return fields.map(([name, value]) => [name, values[name.toLowerCase()] ?? value])
}
