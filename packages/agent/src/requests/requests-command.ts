// `agent requests [path=…] [status=…] …`: the last requests of the agent that runs, the newest last, as
// lines or as events.
import { ExitCode, badInput } from '@sallyport/protocol'
import { escapeControls } from '../escape-controls.ts'
import type { InspectorApi, ListedRequest } from './inspector-api.ts'

/** As filter.ts reads them, and how many. */
const filterNames = ['path', 'status', 'method', 'slower', 'header', 'limit'] as const

/** @throws {SallyportError} SP_USAGE. */
export function parseFilterWords(words: readonly string[]): URLSearchParams {
  const query = new URLSearchParams()
  for (const word of words) {
    const at = word.indexOf('=')
    const name = word.slice(0, Math.max(0, at))
    if (!filterNames.some((one) => one === name)) {
      throw badInput('SP_USAGE', {
        what: 'filter',
        where: 'after requests',
        value: word,
        right: `NAME=VALUE, of ${filterNames.join(', ')}: status=5xx path=/hook slower=250ms`,
      })
    }
    query.set(name, word.slice(at + 1))
  }
  return query
}

export async function listRequests(
  api: Pick<InspectorApi, 'list'>,
  words: readonly string[],
  isJson: boolean,
  stdout: { write(text: string): unknown },
): Promise<number> {
  const found = await api.list(parseFilterWords(words))
  for (const request of found.toReversed()) {
    stdout.write(isJson ? `${JSON.stringify(eventOf(request))}\n` : `${lineOf(request)}\n`)
  }
  if (!isJson && found.length === 0) stdout.write('no requests\n')
  return ExitCode.ok
}

const nanosecondsPerMs = 1_000_000

function eventOf({ id, start, duration, request, response }: ListedRequest): object {
  const { method, uri } = request
  const ms = duration / nanosecondsPerMs
  const status = response?.status_code
  return { v: 1, event: 'request', id, start, method, target: uri, status, ms }
}

function lineOf({ id, start, duration, request, response }: ListedRequest): string {
  const time = new Date(start).toTimeString().slice(0, 8)
  const status = String(response?.status_code ?? '…').padStart(3)
  const ms = `${Math.round(duration / nanosecondsPerMs)} ms`.padStart(8)
  const { method, uri } = request
  return `${id}  ${time}  ${status} ${ms}  ${escapeControls(`${method} ${uri}`)}`
}
