// Fields as names and values, for those parts of the edge that are not on the fast way: who looks on, and
// HTTP/2.
import type { HeadParser } from './head-parser.ts'

export type FieldList = readonly (readonly [name: string, value: string])[]

/** The fields of a parsed head. */
export function listFields(parser: HeadParser): FieldList {
  return Array.from({ length: parser.fieldCount }, (_, field) => [
    parser.nameText(field),
    parser.valueText(field),
  ])
}
