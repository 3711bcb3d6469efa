// What our programs exit with; which error leads to which is in error-table.ts.

/** What a program exits with. 128 + n stands for a signal and is not in this table. */
export const ExitCode = {
  ok: 0,
  failure: 1,
  usage: 2,
  configuration: 3,
  refused: 4,
  unreachable: 5,
  pinMismatch: 6,
  addressTaken: 7,
  replaced: 8,
} as const
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]
