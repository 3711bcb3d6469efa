// Exchanges as an HTTP Archive 1.2, which browsers and proxies read.
import { isUtf8 } from 'node:buffer'
import { setImmediate } from 'node:timers/promises'
import type { FieldList } from '../http/field-list.ts'
import type { CapturedBody } from './captured-body.ts'
import type { ExportOptions } from './curl-command.ts'
import { decodeBody } from './decode-body.ts'
import { type Exchange, fieldValue } from './exchange.ts'
import { redactBody, redactFields, redactTarget } from './redaction.ts'
import { timingOf } from './timing.ts'

export interface HarOptions {
  readonly version: string
  readonly withSecrets: boolean
  /** Scheme, host and port of an exchange. */
  readonly publicUrlOf: (exchange: Exchange) => string
}

/** Those that have ended, piece by piece: streams go on in between. */
export async function* harPieces(
  exchanges: readonly Exchange[],
  { version, withSecrets, publicUrlOf }: HarOptions,
): AsyncGenerator<string> {
  const creator = JSON.stringify({ name: 'sallyport', version })
  yield `{"log":{"version":"1.2","creator":${creator},"entries":[`
  let comma = ''
  for (const exchange of exchanges) {
    if (exchange.endMs === undefined) continue
    const entry = await entryOf(exchange, { publicUrl: publicUrlOf(exchange), withSecrets })
    yield comma + JSON.stringify(entry)
    comma = ',\n'
    await setImmediate()
  }
  yield ']}}\n'
}

async function entryOf(
  exchange: Exchange,
  { publicUrl, withSecrets }: ExportOptions,
): Promise<object> {
  const { method, startedAt, endMs = 0, requestFields, requestBody, response, error } = exchange
  const target = withSecrets ? exchange.target : redactTarget(exchange.target)
  const fields = (list: FieldList): object[] =>
    (withSecrets ? list : redactFields(list)).map(([name, value]) => ({ name, value }))
  const httpVersion = `HTTP/${exchange.httpVersion}`
  const timing = timingOf(exchange)
  const query = target.includes('?') ? target.slice(target.indexOf('?')) : ''
  const requestContent = await contentOf(requestFields, requestBody, withSecrets)
  const responseFields = response?.fields ?? []
  return {
    startedDateTime: new Date(startedAt).toISOString(),
    time: endMs,
    request: {
      method,
      url: publicUrl.replace(/\/$/, '') + target,
      httpVersion,
      cookies: [],
      headers: fields(requestFields),
      queryString: [...new URLSearchParams(query)].map(([name, value]) => ({ name, value })),
      headersSize: -1,
      bodySize: requestBody.seen,
      ...(requestBody.seen > 0 && { postData: { ...requestContent, params: [] } }),
    },
    response: {
      status: response?.status ?? 0,
      statusText: response?.reason ?? '',
      httpVersion,
      cookies: [],
      headers: fields(responseFields),
      content: {
        size: exchange.responseBody.seen,
        ...(await contentOf(responseFields, exchange.responseBody, withSecrets)),
      },
      redirectURL: locationOf(responseFields, withSecrets),
      headersSize: -1,
      bodySize: exchange.responseBody.seen,
      ...(error && { comment: `${error.code}: ${error.message}` }),
    },
    cache: {},
    timings: {
      send: timing.tunnelMs ?? 0,
      wait: timing.originMs ?? 0,
      receive: timing.transferMs ?? 0,
    },
  }
}

function locationOf(fields: FieldList, withSecrets: boolean): string {
  const location = fieldValue(fields, 'location') ?? ''
  return withSecrets ? location : redactTarget(location)
}

async function contentOf(
  fields: FieldList,
  body: CapturedBody,
  withSecrets: boolean,
): Promise<{ mimeType: string; text?: string; encoding?: 'base64'; comment?: string }> {
  const mimeType = fieldValue(fields, 'content-type') ?? ''
  if (body.seen === 0) return { mimeType, text: '' }
  const { bytes, isCut, problem } = await decodeBody(
    body.bytes,
    fieldValue(fields, 'content-encoding'),
  )
  const comment =
    body.isCut || isCut || problem !== undefined ? { comment: 'the beginning of it' } : {}
  const mediaType = mimeType.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (!isUtf8(bytes)) {
    // What is compressed or has parts may hold secrets; an image does not.
    const isLegible = problem === undefined && !mediaType.startsWith('multipart/')
    return withSecrets || isLegible
      ? { mimeType, text: bytes.toString('base64'), encoding: 'base64', ...comment }
      : { mimeType, comment: 'left out: secrets in it could not be told from the rest' }
  }
  const text = bytes.toString('utf8')
  const shown = withSecrets ? text : redactBody(text, mediaType)
  return shown === undefined
    ? { mimeType, comment: 'left out: secrets in it could not be told from the rest' }
    : { mimeType, text: shown, ...comment }
}
