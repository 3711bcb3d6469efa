// TCP ports and ranges of them: `2222`, `2000-2100`.
import { badInput, type ErrorCode } from './errors.ts'

/** Both ends belong to it; 1 <= first <= last <= 65535. */
export interface PortRange {
  readonly first: number
  readonly last: number
}

/** A port in decimal from `least` to 65535, or undefined. No sign, no space, no leading zero. */
export function portOf(text: string, least: 0 | 1): number | undefined {
  if (!/^(?:0|[1-9]\d{0,4})$/.test(text)) return undefined
  const port = Number(text)
  return port >= least && port <= 65_535 ? port : undefined
}

/** Reads `A-B`, or `A` for the range of one port. */
export function parsePortRange(
  text: string,
  where: string,
  code: ErrorCode = 'SP_USAGE',
): PortRange {
  const [from = '', to = from, ...rest] = text.split('-')
  const first = portOf(from, 1)
  const last = portOf(to, 1)
  if (first === undefined || last === undefined || first > last || rest.length > 0) {
    throw badInput(code, {
      what: 'port range',
      where,
      value: text,
      right: 'A-B with 1 <= A <= B <= 65535, such as 2000-2100',
    })
  }
  return { first, last }
}

export function formatPortRange(range: PortRange): string {
  return `${range.first}-${range.last}`
}

export function includesPort(range: PortRange, port: number): boolean {
  return range.first <= port && port <= range.last
}
