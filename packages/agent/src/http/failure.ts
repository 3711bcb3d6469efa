// Errors as the edge makes them, and whatever else was thrown turned into one.
import { type ErrorCode, SallyportError } from '@sallyport/protocol'

export function failure(code: ErrorCode, message: string, cause?: unknown): SallyportError {
  return new SallyportError(code, message, cause === undefined ? undefined : { cause })
}

/** An error of ours as it is; anything else is a fault of ours. */
export function asSallyportError(error: unknown): SallyportError {
  return error instanceof SallyportError
    ? error
    : failure('SP_INTERNAL', 'the HTTP edge failed', error)
}
