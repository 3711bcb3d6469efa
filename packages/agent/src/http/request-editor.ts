// Writes a visitor's request head as the origin gets it: its own fields, without what belongs to the
// visitor's hop and without its claims about the way, then the forwarding fields, then one framing field.
import type { ByteBatch } from './byte-batch.ts'
import { FieldKind } from './field-kinds.ts'
import { type Dropped, copyFieldLines, droppedKinds } from './head-lines.ts'
import type { HeadParser } from './head-parser.ts'
import type { RequestHead } from './request-head.ts'
import type { HttpPolicy } from './request-gate.ts'

const hopKinds = [
  FieldKind.contentLength,
  FieldKind.transferEncoding,
  FieldKind.connection,
  FieldKind.upgrade,
  FieldKind.expect,
  FieldKind.hop,
  FieldKind.forwardedFor,
  FieldKind.forwarded,
  FieldKind.claim,
  FieldKind.lookalike,
] as const

/** Index: 1 when Host is written by us, 2 when the password was for us. */
const dropTables = [
  droppedKinds(hopKinds),
  droppedKinds([...hopKinds, FieldKind.host]),
  droppedKinds([...hopKinds, FieldKind.authorization]),
  droppedKinds([...hopKinds, FieldKind.host, FieldKind.authorization]),
] as const
const noKinds: readonly boolean[] = []

export interface RequestEdit {
  readonly policy: HttpPolicy
  /** For a request that has no Host. */
  readonly defaultHost: string
  /** The forwarding fields, lines with CRLF. */
  readonly forwarded: Buffer
}

export function encodeRequestHead(
  batch: ByteBatch,
  parser: HeadParser,
  head: RequestHead,
  edit: RequestEdit,
): void {
  const { policy } = edit
  const host = policy.hostHeader ?? (head.host === undefined ? edit.defaultHost : undefined)
  const table = (host === undefined ? 0 : 1) + (policy.basicAuth ? 2 : 0)
  const dropped: Dropped = {
    kinds: dropTables[table] ?? noKinds,
    named: head.named,
    removed: policy.requestHeaders?.remove,
  }
  const { line } = head
  const isLineCopied = line.isVerbatim && line.minor === 1 && host === undefined
  if (!isLineCopied) batch.text(`${line.method} ${line.target} HTTP/1.1\r\n`)
  if (host !== undefined) batch.text(`Host: ${host}\r\n`)
  const start = parser.startLineStart
  copyFieldLines(batch, parser, dropped, start, isLineCopied ? parser.startLineEnd + 2 : start)
  batch.range(edit.forwarded, 0, edit.forwarded.length, true)
  if (policy.requestHeaders) {
    const { block } = policy.requestHeaders
    batch.range(block, 0, block.length, true)
  }
  if (head.webSocketKey !== undefined) {
    batch.text('Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    return
  }
  if (head.expectsContinue) batch.text('Expect: 100-continue\r\n')
  switch (head.body.kind) {
    case 'length':
      batch.text(`Content-Length: ${head.body.bytes}\r\n\r\n`)
      break
    case 'chunked':
      batch.text('Transfer-Encoding: chunked\r\n\r\n')
      break
    case 'none':
    case 'until-close':
      batch.text('\r\n')
      break
  }
}
