// The edge's own answer on an HTTP/2 stream.
import { type ServerHttp2Stream, constants } from 'node:http2'
import { type SallyportError, createErrorPage } from '@sallyport/protocol'
import type { HttpPolicy } from './request-gate.ts'

/** What of the request matters to its answer. */
export interface AnsweredRequest {
  readonly method: string
  readonly accept: string | undefined
}

/** `isUnread`: the visitor may still be sending its body. */
export function answerHttp2Error(
  stream: ServerHttp2Stream,
  error: SallyportError,
  request: AnsweredRequest | undefined,
  isUnread: boolean,
  policy: HttpPolicy,
): void {
  if (stream.destroyed || stream.headersSent) return
  const page = createErrorPage(error, request?.accept, policy.basicAuth?.challenge)
  const fields = page.fields.map(([name, value]) => [name.toLowerCase(), value] as const)
  const isHead = request?.method === 'HEAD'
  stream.respond(
    {
      ':status': page.status,
      ...Object.fromEntries(fields),
      'content-length': String(page.body.length),
    },
    { endStream: isHead },
  )
  if (!isHead) stream.end(page.body)
  if (isUnread) closeUnread(stream)
  else stream.resume()
}

/**
 * Ends a stream whose answer is written before its request was read: the visitor may stop sending
 * (RFC 9113 §8.1).
 */
export function closeUnread(stream: ServerHttp2Stream): void {
  const close = (): void => {
    if (!stream.destroyed) stream.close(constants.NGHTTP2_NO_ERROR)
  }
  if (stream.writableFinished) close()
  else stream.once('finish', close)
}
