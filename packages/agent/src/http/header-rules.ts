// Fields that the user adds to or removes from requests or responses. Checked when they are read: what
// they add can neither split a head nor touch what frames a message or names the visitor.
import { type ErrorCode, badInput } from '@sallyport/protocol'
import { FieldKind, fieldKindOf } from './field-kinds.ts'
import { trimSpaces } from './message-fields.ts'
import { isFieldValue, isToken } from './octets.ts'

export interface HeaderRules {
  /** Lines to add, each with its CRLF. */
  readonly block: Buffer
  /** The same fields by name and value. */
  readonly fields: readonly (readonly [name: string, value: string])[]
  /** Names to drop, in lower case. */
  readonly remove: ReadonlySet<string>
}

export interface HeaderRulesInput {
  /** `Name: value`. A field of the same name that came stays, unless `remove` names it too. */
  readonly add?: readonly string[]
  readonly remove?: readonly string[]
}

/** Kinds that a rule may name: nothing that frames a message. */
const freeKinds: ReadonlySet<FieldKind> = new Set([
  FieldKind.other,
  FieldKind.claim,
  FieldKind.authorization,
  FieldKind.accept,
])
/** Set by the edge itself on every request. */
const ownNames: ReadonlySet<string> = new Set([
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-real-ip',
])

/** @throws {SallyportError} `code`. */
export function parseHeaderRules(
  input: HeaderRulesInput,
  where: string,
  code: ErrorCode = 'SP_CONFIG',
): HeaderRules {
  const fields = (input.add ?? []).map((line) => {
    const colon = line.indexOf(':')
    const name = line.slice(0, Math.max(colon, 0))
    const value = trimSpaces(line.slice(colon + 1))
    if (!isNameable(name) || !isFieldValue(value)) {
      throw badInput(code, {
        what: 'header to add',
        where,
        value: line,
        right: '"Name: value" in printable characters, and no field that the agent sets itself',
      })
    }
    return [name, value] as const
  })
  const remove = (input.remove ?? []).map((name) => {
    if (!isNameable(name)) {
      throw badInput(code, {
        what: 'header to remove',
        where,
        value: name,
        right: 'a field name, and no field that the agent sets itself',
      })
    }
    return name.toLowerCase()
  })
  const block = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return { block: Buffer.from(block, 'latin1'), fields, remove: new Set(remove) }
}

function isNameable(name: string): boolean {
  return isToken(name) && freeKinds.has(fieldKindOf(name)) && !ownNames.has(name.toLowerCase())
}
