// Errors of the operating system, by their code.

/** True for an error with this code: `ENOENT`, `EADDRINUSE`. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
