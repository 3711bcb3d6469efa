// An exchange's request as a curl command.
import { isUtf8 } from 'node:buffer'
import { type Exchange, fieldValue } from './exchange.ts'
import { maxCurlBodyBytes } from './limits.ts'
import { redactBody, redactFields, redactTarget } from './redaction.ts'
import { isRecomputed } from './replay-fields.ts'
import { shellQuote } from './shell-quote.ts'

export interface ExportOptions {
  /** Scheme, host and port. */
  readonly publicUrl: string
  readonly withSecrets: boolean
}

export function curlCommand(exchange: Exchange, { publicUrl, withSecrets }: ExportOptions): string {
  const { method, requestBody, requestFields } = exchange
  const target = withSecrets ? exchange.target : redactTarget(exchange.target)
  const words = ['curl', '--globoff', '--path-as-is']
  const hasBody = requestBody.seen > 0
  if (method === 'HEAD') words.push('--head')
  else if (method !== (hasBody ? 'POST' : 'GET')) words.push('--request', shellQuote(method))
  words.push(shellQuote(publicUrl.replace(/\/$/, '') + target))
  for (const [name, value] of withSecrets ? requestFields : redactFields(requestFields)) {
    if (isRecomputed(name)) continue
    if (name.toLowerCase() === 'accept-encoding') words.push('--compressed')
    // `name;` sends a field without a value, `name:` would leave it out.
    else words.push('--header', shellQuote(value === '' ? `${name};` : `${name}: ${value}`))
  }
  if (hasBody) words.push('--data-binary', '@-')
  const command = lay(words)
  return hasBody ? withBody(exchange, command, withSecrets) : command
}

/** The body comes by stdin, so that no byte of it means anything to curl. */
function withBody({ requestBody, requestFields }: Exchange, command: string, withSecrets: boolean) {
  const { bytes, isCut } = requestBody
  if (isCut || bytes.length > maxCurlBodyBytes) {
    return `# the request's body has ${requestBody.seen} bytes: save it as request-body first\n${command} <request-body`
  }
  const mediaType = fieldValue(requestFields, 'content-type')?.split(';', 1)[0]?.toLowerCase() ?? ''
  const isText = isUtf8(bytes) && !bytes.includes(0)
  if (withSecrets && !isText) {
    return `printf %s ${bytes.toString('base64')} | base64 -d | ${command}`
  }
  const text = isText ? bytes.toString('utf8') : undefined
  const shown = withSecrets || text === undefined ? text : redactBody(text, mediaType)
  return shown === undefined
    ? `# the request's body is left out: secrets in it could not be told from the rest\n${command} </dev/null`
    : `printf %s ${shellQuote(shown)} | ${command}`
}

/** An option and its value a line. */
function lay(words: readonly string[]): string {
  return words.reduce((line, word) => line + (word.startsWith('--') ? ' \\\n  ' : ' ') + word)
}
