// `agent replay ID [--edit]` and `agent replay ID --on-change DIR`: sends a captured request again through
// the agent that runs, its webhook signature made anew where the secret is known.
import type { Clock } from '@sallyport/mux'
import {
  ExitCode,
  type Secret,
  SallyportError,
  errorTable,
  type ErrorCode,
} from '@sallyport/protocol'
import { escapeControls } from '../escape-controls.ts'
import { replayPollMs } from '../limits.ts'
import {
  type CapturedRequest,
  formatForEditor,
  parseFromEditor,
  parseRaw,
} from './captured-request.ts'
import type { InspectorApi, RequestDetail } from './inspector-api.ts'
import { type Signer, signAnew, signerOf } from './signatures.ts'

export interface ReplayOptions {
  readonly api: InspectorApi
  /** An id, or `last`. */
  readonly id: string
  readonly clock: Clock
  /** Milliseconds since 1970. */
  readonly wallNow: () => number
  readonly secrets: Readonly<Partial<Record<Signer, Secret>>>
  /** Lets a person change the text; absent: sent as it was. */
  readonly edit?: ((text: string) => Promise<string>) | undefined
  readonly isJson: boolean
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
}

/** What is sent, each time it is sent. */
export interface Replay {
  /** Sends it once and prints what came of it. @returns the exit code. */
  send(): Promise<number>
}

/** Undefined: the person wants nothing sent. */
export async function prepareReplay(options: ReplayOptions): Promise<Replay | undefined> {
  const { api, edit, secrets, stderr } = options
  const id = options.id === 'last' ? await newestOf(api) : options.id
  const { noReplay } = await api.detail(id)
  if (noReplay !== undefined) throw new SallyportError('SP_USAGE', noReplay)
  const original = parseRaw((await api.request(id)).request.raw)
  const request = edit ? parseFromEditor(await edit(formatForEditor(original))) : original
  if (!request) return undefined
  const signer = signerOf(request)
  const secret = signer && secrets[signer]
  if (signer && !secret) {
    const name = secretVariable(signer)
    stderr.write(
      `agent: warning: its ${signer} signature is sent as it was: ${name} or ${name}_FILE would sign it anew\n`,
    )
  }
  const isChanged = edit !== undefined || secret !== undefined
  return { send: () => sendOnce(options, id, request, isChanged, signer) }
}

/** The variable that holds the secret of a sender. */
export function secretVariable(signer: Signer): string {
  return `SALLYPORT_${signer.toUpperCase()}_SECRET`
}

async function newestOf(api: InspectorApi): Promise<string> {
  for (const { id } of await api.list(new URLSearchParams({ limit: '100' }))) {
    const { replayOf, noReplay } = await api.detail(id)
    if (replayOf === undefined && noReplay === undefined) return id
  }
  throw new SallyportError('SP_USAGE', 'there is no request that could be sent again')
}

async function sendOnce(
  options: ReplayOptions,
  id: string,
  request: CapturedRequest,
  isChanged: boolean,
  signer: Signer | undefined,
): Promise<number> {
  const { api, secrets, wallNow, isJson, stdout } = options
  const secret = signer && secrets[signer]
  const fields = secret && signer ? signAnew(request, signer, secret, wallNow()) : request.fields
  const { method, target, body } = request
  const edits = { method, target, fields, bodyBase64: body.toString('base64') }
  const replayed = await api.replay(id, isChanged ? edits : undefined)
  const { status, durationMs = 0, error } = await resultOf(options, replayed)
  if (isJson) {
    const told = { v: 1, event: 'replayed', id: replayed, replayOf: id, status, ms: durationMs }
    stdout.write(`${JSON.stringify({ ...told, ...error })}\n`)
  } else {
    const what = escapeControls(`${method} ${target}`)
    const came = status === undefined ? 'got no answer' : `is answered ${status}`
    const why = error ? `: ${escapeControls(error.message)} (${error.code})` : ''
    stdout.write(`${what} ${came} after ${Math.round(durationMs)} ms${why}; it is ${replayed}\n`)
  }
  return error ? exitOf(error.code) : ExitCode.ok
}

/** Asks until it is over; the agent gives up by itself when it takes too long. */
async function resultOf({ api, clock }: ReplayOptions, id: string): Promise<RequestDetail> {
  for (;;) {
    const detail = await api.detail(id)
    if (detail.durationMs !== undefined) return detail
    await new Promise<void>((resolve) => void clock.setTimeout(resolve, replayPollMs))
  }
}

function exitOf(code: string): number {
  if (!Object.hasOwn(errorTable, code)) return ExitCode.failure
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- looked up on the line above
  return errorTable[code as ErrorCode].exit
}
