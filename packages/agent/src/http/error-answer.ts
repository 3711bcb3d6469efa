// Writes the edge's own answer to an HTTP/1 visitor.
import { type SallyportError, createErrorPage } from '@sallyport/protocol'
import { ByteBatch, type ByteSink } from './byte-batch.ts'
import type { HttpPolicy } from './request-gate.ts'
import type { RequestHead } from './request-head.ts'
import { encodeErrorPage } from './response-editor.ts'

/** One for all visitors: it is used within one event. */
const toVisitor = new ByteBatch()

/** `request` is undefined when it could not be read; `isLast` when the connection ends with the answer. */
export function answerError(
  visitor: ByteSink,
  error: SallyportError,
  request: RequestHead | undefined,
  isLast: boolean,
  policy: HttpPolicy,
): void {
  const page = createErrorPage(error, request?.accept, policy.basicAuth?.challenge)
  toVisitor.begin(visitor)
  encodeErrorPage(toVisitor, page, {
    isLast,
    isHead: request?.line.method === 'HEAD',
    visitorMinor: request?.line.minor ?? 1,
  })
  toVisitor.flush()
}
