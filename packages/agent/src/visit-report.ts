// What is told of a visit that is over.
import { isSallyportError } from '@sallyport/protocol'

/** How a visit went, told when it is over. */
export interface VisitReport {
  /** Address of the visitor; absent when not even its header was right. */
  readonly visitor: string | undefined
  readonly route: string | undefined
  readonly bytesFromVisitor: number
  readonly bytesToVisitor: number
  readonly durationMs: number
  readonly endedBy: 'end' | 'origin' | 'visitor' | 'idle' | 'refused'
  readonly error: Error | undefined
}

/** Who broke a visit of the HTTP edge off, if it was. */
export function endOfEdge(error: Error | undefined): VisitReport['endedBy'] {
  if (!error) return 'end'
  const isOrigin = isSallyportError(error) && error.code.startsWith('SP_ORIGIN_')
  return isOrigin ? 'origin' : 'visitor'
}
