// Writes an origin's response head as the visitor gets it: its own fields without those of the origin's
// hop, framed for the visitor's version. Location, cookies and the rest are never touched.
import type { ByteBatch } from './byte-batch.ts'
import type { ErrorPage } from '@sallyport/protocol'
import { FieldKind } from './field-kinds.ts'
import { type Dropped, copyFieldLines, droppedKinds } from './head-lines.ts'
import type { HeadParser } from './head-parser.ts'
import type { HeaderRules } from './header-rules.ts'
import { type ResponseHead, isInterim } from './response-head.ts'

const hopKinds = droppedKinds([
  FieldKind.contentLength,
  FieldKind.transferEncoding,
  FieldKind.connection,
  FieldKind.upgrade,
  FieldKind.hop,
  FieldKind.lookalike,
])

export interface ResponseEdit {
  /** HTTP/1.x of the visitor. */
  readonly visitorMinor: 0 | 1
  /** The visitor's connection ends with this response. */
  readonly isLast: boolean
  readonly rules: HeaderRules | undefined
}

export function encodeResponseHead(
  batch: ByteBatch,
  parser: HeadParser,
  head: ResponseHead,
  edit: ResponseEdit,
): void {
  const dropped: Dropped = { kinds: hopKinds, named: head.named, removed: edit.rules?.remove }
  batch.text(`HTTP/1.1 ${head.status} ${head.reason}\r\n`)
  copyFieldLines(batch, parser, dropped, 0, 0)
  if (isInterim(head)) {
    batch.text('\r\n')
    return
  }
  if (edit.rules) batch.range(edit.rules.block, 0, edit.rules.block.length, true)
  if (head.isWebSocket) {
    batch.text('Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    return
  }
  if (head.body.kind === 'chunked') {
    if (edit.visitorMinor === 1) batch.text('Transfer-Encoding: chunked\r\n')
  } else if (head.contentLength !== undefined && head.status !== 204) {
    batch.text(`Content-Length: ${head.contentLength}\r\n`)
  }
  batch.text(connectionLine(edit))
}

/** An answer of the edge itself. */
export function encodeErrorPage(
  batch: ByteBatch,
  page: ErrorPage,
  edit: Omit<ResponseEdit, 'rules'> & { readonly isHead: boolean },
): void {
  batch.text(`HTTP/1.1 ${page.status} ${page.reason}\r\n`)
  for (const [name, value] of page.fields) batch.text(`${name}: ${value}\r\n`)
  batch.text(`Content-Length: ${page.body.length}\r\n`)
  batch.text(connectionLine(edit))
  if (!edit.isHead) batch.range(page.body, 0, page.body.length, true)
}

function connectionLine(edit: Pick<ResponseEdit, 'isLast' | 'visitorMinor'>): string {
  if (edit.isLast) return 'Connection: close\r\n\r\n'
  return edit.visitorMinor === 0 ? 'Connection: keep-alive\r\n\r\n' : '\r\n'
}
