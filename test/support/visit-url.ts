// A visitor who asks for a url and takes whatever certificate there is.
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { text } from 'node:stream/consumers'
import { retry } from './retry.ts'

/** The body of the answer; rejects when it is 404, which is the relay's word for "nobody is here". */
export async function visitUrl(url: string): Promise<string> {
  const asked = request(url, { rejectUnauthorized: false, agent: false }).end()
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  if (response.statusCode === 404) {
    response.resume()
    throw new Error(`${url} answers 404`)
  }
  return text(response)
}

/** Asks again while nobody answers: a machine that starts tells nobody when it listens. */
export function visitUrlWithin(url: string, ms: number): Promise<string> {
  return retry(() => visitUrl(url), ms)
}
