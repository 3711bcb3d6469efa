// From names to a certificate (RFC 8555 §7.4): order, challenges, request, download. One order at a time
// for each call; whoever calls decides when to try again.
import { type KeyObject, X509Certificate } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { isIp } from '@sallyport/protocol'
import { z } from 'zod'
import { acmeError, refusalOf, refusedBy } from './authority-error.ts'
import type { Authority } from './authority.ts'
import { createCertificateRequest } from './certificate-request.ts'
import { type Challenge, type ChallengeResponder, challengeTypes } from './challenge.ts'
import { maxPollMs, pollMs } from './limits.ts'

export interface OrderOptions {
  readonly authority: Authority
  readonly names: readonly string[]
  /** The certificate's key, ECDSA P-256; or a request (PKCS #10, DER) of a key that is elsewhere. */
  readonly key: KeyObject | Buffer
  readonly responder: ChallengeResponder
  /** How often a type has failed, to try another one: the first try takes the best. */
  readonly attempt: number
  readonly profile?: string | undefined
  /** Taken where the authority has it and `profile` says nothing. */
  readonly preferredProfile?: string | undefined
  /** The renewal id of the certificate that this one follows (RFC 9773 §5). */
  readonly replaces?: string | undefined
  readonly signal: AbortSignal
}

const orderSchema = z.object({
  status: z.string(),
  authorizations: z.array(z.url()),
  finalize: z.url(),
  certificate: z.url().optional(),
  error: z.unknown().optional(),
})
type Order = z.output<typeof orderSchema>

const authorizationSchema = z.object({
  status: z.string(),
  identifier: z.object({ type: z.string(), value: z.string() }),
  challenges: z.array(
    z.object({
      type: z.string(),
      url: z.url(),
      token: z.string().optional(),
      status: z.string().optional(),
      error: z.unknown().optional(),
    }),
  ),
})
type Authorization = z.output<typeof authorizationSchema>

/** RFC 8555 §8.1: base64url, and nothing that could leave its place in a path. */
const tokenPattern = /^[\w-]{1,512}$/

/**
 * @returns the chain in PEM, the certificate first.
 * @throws {SallyportError} SP_ACME; or the signal's reason.
 */
export async function orderCertificate(options: OrderOptions): Promise<string> {
  const { authority, names, key, signal } = options
  const { url, order } = await placeOrder(options)
  await authorize(order.authorizations, options)
  const request = Buffer.isBuffer(key) ? key : createCertificateRequest(key, names)
  const csr = request.toString('base64url')
  await authority.post('certificate request', order.finalize, orderSchema, {
    payload: { csr },
    signal,
  })
  const done = await poll(options, 'order', url, orderSchema, ({ status }) => status === 'valid')
  if (done.certificate === undefined) throw acmeError('order: it is valid without a certificate')
  const chain = await authority.postForText('certificate', done.certificate, signal)
  checkChain(chain, options)
  return chain
}

async function placeOrder(options: OrderOptions): Promise<{ url: string; order: Order }> {
  const { authority, names, profile, preferredProfile, replaces, signal } = options
  const { newOrder, meta } = await authority.directory(signal)
  const known = Object.keys(meta?.profiles ?? {})
  if (profile !== undefined && !known.includes(profile)) {
    const list = known.length === 0 ? 'none' : known.join(', ')
    throw acmeError(`order: the authority has no profile ${profile}; it has ${list}`)
  }
  const chosen = profile ?? known.find((name) => name === preferredProfile)
  const payload = {
    identifiers: names.map((value) => ({ type: isIp(value) ? 'ip' : 'dns', value })),
    ...(chosen === undefined ? {} : { profile: chosen }),
  }
  const place = (more: object) =>
    authority.post(`order for ${names.join(', ')}`, newOrder, orderSchema, {
      payload: { ...payload, ...more },
      signal,
    })
  const reply = await place(replaces === undefined ? {} : { replaces }).catch((error: unknown) => {
    // It was replaced already, or the authority has forgotten it: then it is an order like any other.
    const kind = refusalOf(error)?.kind
    const isAboutIt = kind === 'alreadyReplaced' || kind === 'malformed' || kind === 'conflict'
    if (replaces === undefined || !isAboutIt) throw error
    return place({})
  })
  if (reply.location === undefined) throw acmeError('order: the authority gave it no URL')
  return { url: reply.location, order: reply.value }
}

/** All are answered before the authority looks at one: records of one name are seen together. */
async function authorize(urls: readonly string[], options: OrderOptions): Promise<void> {
  const { authority, responder, signal } = options
  const presented: Challenge[] = []
  const asked: { readonly url: string; readonly challengeUrl: string; readonly what: string }[] = []
  try {
    for (const url of urls) {
      const reply = await authority.post('authorization', url, authorizationSchema, { signal })
      if (reply.value.status === 'valid') continue
      const { challenge, challengeUrl } = choose(reply.value, options)
      presented.push(challenge)
      await responder.present(challenge)
      asked.push({ url, challengeUrl, what: `${challenge.type} of ${challenge.name}` })
    }
    for (const { url, challengeUrl, what } of asked) {
      await authority.post(what, challengeUrl, z.unknown(), { payload: {}, signal })
      await poll(options, what, url, authorizationSchema, ({ status }) => status === 'valid')
    }
  } finally {
    for (const challenge of presented) await responder.withdraw(challenge)
  }
}

/** The responder's types in turn, so that one which cannot work here does not stop the others. */
function choose({ identifier, challenges }: Authorization, options: OrderOptions) {
  const { authority, responder, attempt } = options
  const offered = responder.types.filter((type) => challenges.some((one) => one.type === type))
  const type = offered[attempt % Math.max(1, offered.length)]
  const found = challenges.find((one) => one.type === type)
  const { token } = found ?? {}
  if (type === undefined || !found || token === undefined || !tokenPattern.test(token)) {
    const wanted = challenges.map((one) => one.type).join(', ')
    const here = responder.types.join(', ') || `none of ${challengeTypes.join(', ')}`
    throw acmeError(
      `authorization of ${identifier.value}: the authority offers ${wanted}, and here is ${here}`,
    )
  }
  const keyAuthorization = `${token}.${authority.thumbprint}`
  const challenge: Challenge = { type, name: identifier.value, token, keyAuthorization }
  return { challenge, challengeUrl: found.url }
}

async function poll<T extends { readonly status: string }>(
  { authority, signal }: OrderOptions,
  what: string,
  url: string,
  schema: z.ZodType<T>,
  isDone: (value: T) => boolean,
): Promise<T> {
  for (;;) {
    const { value, retryAfterMs } = await authority.post(what, url, schema, { signal })
    if (isDone(value)) return value
    if (!['pending', 'processing', 'ready'].includes(value.status)) throw failed(what, value)
    await sleep(Math.min(retryAfterMs ?? pollMs, maxPollMs), undefined, { signal })
  }
}

/** Why the authority gave up: it stands in the challenge or in the order. */
function failed(what: string, value: { readonly status: string }): Error {
  const parsed = authorizationSchema.safeParse(value)
  const problem = parsed.success
    ? parsed.data.challenges.find(({ error }) => error !== undefined)?.error
    : orderSchema.safeParse(value).data?.error
  if (problem === undefined) return acmeError(`${what}: the authority says ${value.status}`)
  return refusedBy({ what, problem })
}

/** What came is what was ordered: who takes it serves it at once. */
function checkChain(chain: string, { key, names }: OrderOptions): void {
  let leaf: X509Certificate
  try {
    leaf = new X509Certificate(chain)
  } catch {
    throw acmeError('certificate: the authority sent none in PEM')
  }
  // A `*` stands for one label, and so does any label.
  const asked = (name: string) => name.replace(/^\*\./, 'any.')
  const covers = (name: string) => (isIp(name) ? leaf.checkIP(name) : leaf.checkHost(asked(name)))
  const isOurs = Buffer.isBuffer(key) || leaf.checkPrivateKey(key)
  if (!isOurs || !names.every((name) => covers(name) !== undefined)) {
    throw acmeError('certificate: the authority sent another one than was ordered')
  }
}
