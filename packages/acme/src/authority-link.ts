// One question to an authority over HTTPS, and its answer, bounded in bytes and time. Follows no
// redirect: RFC 8555 has none.
import type { IncomingHttpHeaders } from 'node:http'
import { request } from 'node:https'
import { acmeError } from './authority-error.ts'
import { answerTimeoutMs, maxAnswerBytes } from './limits.ts'

export interface Question {
  readonly method: 'GET' | 'HEAD' | 'POST'
  readonly url: string
  readonly body?: string
  readonly signal?: AbortSignal | undefined
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export type Ask = (question: Question) => Promise<Answer>

export interface AuthorityLinkOptions {
  /** PEM of who issued the authority's own certificate; default: whom the system trusts. */
  readonly ca?: string | undefined
  /** `sallyport-relay/0.1.0` (RFC 8555 §6.1). */
  readonly userAgent: string
}

/** @returns a function that throws SP_ACME when nobody answers in time. */
export function createAuthorityLink({ ca, userAgent }: AuthorityLinkOptions): Ask {
  return async ({ method, url, body, signal }) => {
    if (!url.startsWith('https://')) {
      throw acmeError(`the authority names ${url}, which is not https`)
    }
    const timeout = AbortSignal.timeout(answerTimeoutMs)
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    const call = request(url, {
      method,
      ...(ca === undefined ? {} : { ca }),
      agent: false,
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      headers: {
        'user-agent': userAgent,
        ...(body === undefined
          ? {}
          : { 'content-type': 'application/jose+json', 'content-length': Buffer.byteLength(body) }),
      },
    })
    call.on('error', reject)
    call.on('response', (response) => {
      const chunks: Buffer[] = []
      let bytes = 0
      response.on('error', reject)
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes > maxAnswerBytes) response.destroy(new Error(`over ${maxAnswerBytes} bytes`))
        else chunks.push(chunk)
      })
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString('utf8'),
        }),
      )
    })
    call.end(body)
    try {
      return await promise
    } catch (error) {
      const why = timeout.aborted
        ? `no answer in ${answerTimeoutMs / 1_000} s`
        : error instanceof Error
          ? error.message
          : String(error)
      throw acmeError(`the authority at ${new URL(url).host} cannot be reached: ${why}`)
    }
  }
}
