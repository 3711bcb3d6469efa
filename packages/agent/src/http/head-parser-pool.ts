// Head parsers are borrowed from the first byte of a head until it was dealt with, so that an idle
// visitor holds none (a parser's table takes 4 KiB).
import { HeadParser, type HeadShape } from './head-parser.ts'

/** As many as are in use at once at 50 busy visitors, both directions; more are left to the collector. */
const keptParsers = 100
const idle: HeadParser[] = []

export function borrowHeadParser(shape: HeadShape): HeadParser {
  const parser = idle.pop() ?? new HeadParser()
  parser.begin(shape)
  return parser
}

/** The parser may not be used afterwards, nor what it points to. */
export function returnHeadParser(parser: HeadParser): void {
  if (idle.length < keptParsers) idle.push(parser)
}
