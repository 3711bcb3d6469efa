// A visitor who asks for a url and takes whatever certificate there is.
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { text } from 'node:stream/consumers'
import { retry } from './retry.ts'

/** The body of the answer; rejects when it is 404, which is the relay's word for "nobody is here". */
export async function visitUrl(url: string, signal?: AbortSignal): Promise<string> {
  const asked = request(url, { rejectUnauthorized: false, agent: false, signal }).end()
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  if (response.statusCode === 404) {
    response.resume()
    throw new Error(`${url} answers 404`)
  }
  return text(response)
}

/** What a machine that is emulated takes for a TLS handshake on a busy host, with room. */
const answerMs = 30_000

/**
 * Asks again while nobody answers: a machine that starts tells nobody when it listens, and one whose
 * power was cut never answers the visitor that it had accepted.
 */
export function visitUrlWithin(url: string, ms: number): Promise<string> {
  return retry(() => visitUrl(url, AbortSignal.timeout(answerMs)), ms)
}
