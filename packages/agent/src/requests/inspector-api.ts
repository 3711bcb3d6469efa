// The HTTP API of an agent's inspector, as its own command line uses it.
import { SallyportError } from '@sallyport/protocol'
import { z } from 'zod'
import type { InspectorNote } from './inspector-note.ts'

const listedForm = z.object({
  id: z.string(),
  start: z.string(),
  /** Nanoseconds. */
  duration: z.number(),
  request: z.object({ method: z.string(), uri: z.string(), raw: z.string() }),
  response: z.object({ status_code: z.number() }).nullable(),
})
const listForm = z.object({ requests: z.array(listedForm) })
const createdForm = z.object({ id: z.string() })
const detailForm = z.object({
  status: z.number().optional(),
  durationMs: z.number().optional(),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
  replayOf: z.string().optional(),
  noReplay: z.string().optional(),
})
const errorForm = z.object({ msg: z.string() }).or(z.object({ message: z.string() }))

export type ListedRequest = z.infer<typeof listedForm>
export type RequestDetail = z.infer<typeof detailForm>

export interface Edits {
  readonly method: string
  readonly target: string
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly bodyBase64: string
}

export class InspectorApi {
  readonly #note: InspectorNote

  constructor(note: InspectorNote) {
    this.#note = note
  }

  /** The newest first. @throws {SallyportError} SP_USAGE for a wrong filter. */
  async list(query: URLSearchParams): Promise<readonly ListedRequest[]> {
    const found = await this.#ask('GET', `/api/requests/http?${query.toString()}`)
    return listForm.parse(found).requests
  }

  async request(id: string): Promise<ListedRequest> {
    return listedForm.parse(await this.#ask('GET', `/api/requests/http/${encodeURIComponent(id)}`))
  }

  async detail(id: string): Promise<RequestDetail> {
    return detailForm.parse(await this.#ask('GET', `/api/exchanges/${encodeURIComponent(id)}`))
  }

  /** Starts it. @returns the id of the new exchange. */
  async replay(id: string, edits: Edits | undefined): Promise<string> {
    const path = `/api/exchanges/${encodeURIComponent(id)}/replay`
    return createdForm.parse(await this.#ask('POST', path, edits ?? {})).id
  }

  async #ask(method: 'GET' | 'POST', path: string, body?: unknown): Promise<unknown> {
    const { url, token } = this.#note
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token.reveal()}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch((cause: unknown) => {
      throw new SallyportError('SP_USAGE', `the inspector at ${url} does not answer`, { cause })
    })
    const answer: unknown = await response.json().catch(() => undefined)
    if (response.ok) return answer
    throw new SallyportError('SP_USAGE', messageOf(answer) ?? `it answered ${response.status}`)
  }
}

function messageOf(answer: unknown): string | undefined {
  const read = errorForm.safeParse(answer)
  if (!read.success) return undefined
  return 'msg' in read.data ? read.data.msg : read.data.message
}
