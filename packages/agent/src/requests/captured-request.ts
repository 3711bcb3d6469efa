// A captured request as it came in, from the raw message of the inspector's /api/requests/http; and as text
// in which a person edits it.
import { SallyportError, badInput } from '@sallyport/protocol'
import { isRecomputed } from '../inspector/replay-fields.ts'

export interface CapturedRequest {
  readonly method: string
  readonly target: string
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly body: Buffer
}

/** Reads what `raw` of ngrok-api.ts wrote: Latin-1 lines, an empty one, the body. */
export function parseRaw(base64: string): CapturedRequest {
  const bytes = Buffer.from(base64, 'base64')
  const end = bytes.indexOf('\r\n\r\n')
  const [first = '', ...lines] = bytes.toString('latin1', 0, Math.max(0, end)).split('\r\n')
  const [, method, target] = /^(\S+) (.*) HTTP\/[\d.]+$/.exec(first) ?? []
  if (end < 0 || method === undefined || target === undefined) {
    throw new SallyportError('SP_INTERNAL', 'the inspector gave a message of no known form')
  }
  const fields = lines.map((line): readonly [string, string] => {
    const colon = line.indexOf(': ')
    return [line.slice(0, colon), line.slice(colon + 2)]
  })
  return { method, target, fields, body: bytes.subarray(end + 4) }
}

const heading =
  '# Change what is to be sent; lines with # at their beginning are left out, up to the empty line.\n' +
  '# Leave the file empty to send nothing.\n'

/** For an editor. @throws {SallyportError} SP_USAGE when its body is no text. */
export function formatForEditor({ method, target, fields, body }: CapturedRequest): string {
  const text = body.toString('utf8')
  if (!Buffer.from(text, 'utf8').equals(body)) {
    throw new SallyportError('SP_USAGE', 'its body is no text: it cannot be edited here')
  }
  const sent = fields.filter(([name]) => !isRecomputed(name))
  const head = sent.map(([name, value]) => `${name}: ${value}\n`).join('')
  return `${heading}${method} ${target}\n${head}\n${text}`
}

/** Undefined: nothing is to be sent. @throws {SallyportError} SP_USAGE. */
export function parseFromEditor(text: string): CapturedRequest | undefined {
  const unix = text.replace(/^\ufeff/, '')
  const end = /\r?\n\r?\n/.exec(unix)
  const head = end ? unix.slice(0, end.index) : unix
  const body = end ? unix.slice(end.index + end[0].length) : ''
  const lines = head.split(/\r?\n/).filter((line) => !line.startsWith('#') && line.trim() !== '')
  const [first, ...rest] = lines
  if (first === undefined) return undefined
  const [, method, target] = /^(\S+) (\S+)$/.exec(first.trim()) ?? []
  if (method === undefined || target === undefined) {
    throw badInput('SP_USAGE', {
      what: 'request',
      where: 'its first line',
      value: first,
      right: 'METHOD PATH: POST /hook?x=1',
    })
  }
  const fields = rest.map((line): readonly [string, string] => {
    const [, name, value = ''] = /^([^:\s]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? []
    if (name !== undefined) return [name, value]
    throw badInput('SP_USAGE', {
      what: 'request',
      where: 'its header',
      value: line,
      right: 'NAME: VALUE',
    })
  })
  return { method, target, fields, body: Buffer.from(body, 'utf8') }
}
