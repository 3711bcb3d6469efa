// What a request's head says about who asks: the fields that the gate and the forwarding fields look at,
// and only when they do.
import type { ForwardingClaims } from './forwarded-fields.ts'
import { FieldKind } from './field-kinds.ts'
import type { HeadParser } from './head-parser.ts'

export interface RequestClaims extends ForwardingClaims {
  /** Undefined also when it came twice. */
  readonly authorization: string | undefined
}

export const noClaims: RequestClaims = {
  forwardedFor: undefined,
  forwarded: undefined,
  authorization: undefined,
}

export function readClaims(parser: HeadParser): RequestClaims {
  const forwardedFor: string[] = []
  const forwarded: string[] = []
  const authorizations: string[] = []
  for (let field = 0; field < parser.fieldCount; field++) {
    const kind = parser.kind(field)
    if (kind === FieldKind.forwardedFor) forwardedFor.push(parser.valueText(field))
    else if (kind === FieldKind.forwarded) forwarded.push(parser.valueText(field))
    else if (kind === FieldKind.authorization) authorizations.push(parser.valueText(field))
  }
  return {
    forwardedFor: joined(forwardedFor),
    forwarded: joined(forwarded),
    authorization: authorizations.length === 1 ? authorizations[0] : undefined,
  }
}

function joined(values: readonly string[]): string | undefined {
  const given = values.filter((value) => value !== '')
  return given.length > 0 ? given.join(', ') : undefined
}
