// The one error class, and the one line that a wrong input gets. The codes are error-table.ts.
import { type ErrorCode, errorTable } from './error-table.ts'
import type { ExitCode } from './exit-code.ts'

export { type ErrorCode, errorTable } from './error-table.ts'
export { ExitCode } from './exit-code.ts'

/** The one error class. Match on `code`; the message is for people and may change. */
export class SallyportError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'SallyportError'
    this.code = code
  }

  get exit(): ExitCode {
    return errorTable[this.code].exit
  }

  get retry(): boolean {
    return errorTable[this.code].retry
  }
}

/** True for an error of Sallyport's, also when two copies of this module are loaded. */
export function isSallyportError(value: unknown): value is SallyportError {
  return (
    value instanceof Error &&
    'code' in value &&
    typeof value.code === 'string' &&
    Object.hasOwn(errorTable, value.code)
  )
}

/** The four facts that a person needs about a wrong input. */
export interface BadInput {
  /** What it is: "channel timeout". */
  readonly what: string
  /** Where it stands: "--channel-timeout", "CHANNEL_TIMEOUT in .env line 3". */
  readonly where: string
  /** The value as written; leave it out when it is a secret or absent. */
  readonly value?: string
  /** What would be right: "a whole number of seconds from 1 to 1000". */
  readonly right: string
}

/** Longest part of a wrong value that is shown: enough to recognise it, one line of a terminal. */
const shownValueChars = 80

/** The error for a wrong input, as one line: what, where, the value, what would be right. */
export function badInput(code: ErrorCode, input: BadInput): SallyportError {
  const shown = input.value === undefined ? '' : `: ${quote(input.value)} is not valid`
  return new SallyportError(code, `${input.what} (${input.where})${shown}; needs ${input.right}`)
}

/** A value in quotes on one line: control characters escaped, long ones cut. */
export function quote(value: string, maxChars = shownValueChars): string {
  const cut = value.length > maxChars ? `${value.slice(0, maxChars)}…` : value
  return JSON.stringify(cut).replaceAll(
    /[\u007f-\u009f\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
