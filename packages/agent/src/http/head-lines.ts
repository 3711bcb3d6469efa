// Copies the field lines of a parsed head that may go on: lines that read well already are copied in runs
// as they stand, the others are written anew.
import type { ByteBatch } from './byte-batch.ts'
import { FieldKind } from './field-kinds.ts'
import type { HeadParser } from './head-parser.ts'

/** What goes no further. */
export interface Dropped {
  /** By kind. */
  readonly kinds: readonly boolean[]
  /** By name, in lower case. */
  readonly named: ReadonlySet<string> | undefined
  readonly removed: ReadonlySet<string> | undefined
}

/** The kinds as a table for `Dropped`. */
export function droppedKinds(kinds: readonly FieldKind[]): readonly boolean[] {
  return Object.values(FieldKind).map((kind) => kinds.includes(kind))
}

const crlfBytes = 2

/**
 * Writes the field lines that remain. `runStart`..`runEnd` is what stands right before the first field
 * and is to be copied too (the start line), or empty.
 */
export function copyFieldLines(
  batch: ByteBatch,
  parser: HeadParser,
  dropped: Dropped,
  runStart: number,
  runEnd: number,
): void {
  const { kinds, named, removed } = dropped
  const { bytes } = parser
  let from = runStart
  let to = runEnd
  for (let field = 0; field < parser.fieldCount; field++) {
    if (kinds[parser.kind(field)]) continue
    if (named || removed) {
      const name = parser.nameText(field).toLowerCase()
      if (named?.has(name) || removed?.has(name)) continue
    }
    const start = parser.nameStart(field)
    const isCanonical = parser.isCanonical(field)
    if (isCanonical && start === to) {
      to = parser.valueEnd(field) + crlfBytes
      continue
    }
    if (to > from) batch.range(bytes, from, to, false)
    from = to = start
    if (isCanonical) to = parser.valueEnd(field) + crlfBytes
    else writeLine(batch, parser, field)
  }
  if (to > from) batch.range(bytes, from, to, false)
}

function writeLine(batch: ByteBatch, parser: HeadParser, field: number): void {
  batch.range(parser.bytes, parser.nameStart(field), parser.nameEnd(field), false)
  batch.text(': ')
  batch.range(parser.bytes, parser.valueStart(field), parser.valueEnd(field), false)
  batch.text('\r\n')
}
