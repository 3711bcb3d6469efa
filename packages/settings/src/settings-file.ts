// A configuration file's text against its schema: the values, and where each stands. Whatever is
// wrong is told at once, one line each with file, line and column; an unknown name with the nearest
// known one. Reads no file.
import { SallyportError, badInput, quote } from '@sallyport/protocol'
import { LineCounter, type Document, isMap, isNode, isScalar, parseDocument } from 'yaml'
import { z } from 'zod'
import { nearestName } from './nearest-name.ts'
import { placeHolder } from './setting.ts'
import { knownNames } from './setting-rows.ts'

export interface SettingsFile<T> {
  readonly values: T
  /** For messages: `channel_timeout in /etc/agent.yaml:3:1`. */
  where(keys: readonly PropertyKey[]): string
}

/** @throws {SallyportError} SP_CONFIG with every problem; no message shows the file's text. */
export function parseSettings<T>(
  content: string,
  path: string,
  schema: z.ZodType<T>,
): SettingsFile<T> {
  const lineCounter = new LineCounter()
  // Without prettyErrors: they quote the file, which may hold a join string.
  const document = parseDocument(content, { lineCounter, prettyErrors: false })
  const at = (offset: number): string => {
    const { line, col } = lineCounter.linePos(offset)
    return `${path}:${line}:${col}`
  }
  const broken = [...document.errors, ...document.warnings]
  if (broken.length > 0) {
    throw together(
      path,
      broken.map(({ pos, code }) => {
        const why = code.toLowerCase().replaceAll('_', ' ')
        return badInput('SP_CONFIG', {
          what: 'YAML',
          where: at(pos[0]),
          right: `to be right: ${why}`,
        }).message
      }),
    )
  }
  const where = (keys: readonly PropertyKey[]): string =>
    `${keys.map(String).join('.')} in ${at(offsetOf(document, keys))}`
  const result = schema.safeParse(valueOf(document, path) ?? {})
  if (result.success) return { values: result.data, where }
  throw together(
    path,
    result.error.issues.flatMap((issue) => describe(issue, { document, schema, path, at, where })),
  )
}

interface Place {
  readonly document: Document
  readonly schema: z.ZodType
  readonly path: string
  readonly at: (offset: number) => string
  readonly where: (keys: readonly PropertyKey[]) => string
}

function describe(issue: z.core.$ZodIssue, place: Place): readonly string[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((name) => unknownName(name, issue.path, place))
  }
  if (issue.code === 'invalid_union') {
    // The branch whose form fits has the better words: a list's members, or the one text.
    const branch = issue.errors.toSorted((one, other) => depth(other) - depth(one))[0] ?? []
    const inner = branch.flatMap((one) =>
      describe({ ...one, path: [...issue.path, ...one.path] }, place),
    )
    if (inner.length > 0 && branch.some(({ code }) => code !== 'invalid_type')) return inner
  }
  if (issue.message.includes(placeHolder)) {
    return [issue.message.replace(placeHolder, () => place.where(issue.path))]
  }
  const key = issue.path.at(-1)
  const value = place.document.getIn(issue.path)
  const shown = isPlain(value) ? String(value) : undefined
  return [
    badInput('SP_CONFIG', {
      what: key === undefined ? 'configuration file' : String(key).replaceAll('_', ' '),
      where: key === undefined ? place.path : place.where(issue.path),
      ...(shown === undefined || key === undefined || key === 'join' ? {} : { value: shown }),
      right: key === undefined ? 'names with values' : issue.message,
    }).message,
  ]
}

function isPlain(value: unknown): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value)
}

function depth(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(
    0,
    ...issues.map(({ path, code }) => path.length * 2 + (code === 'custom' ? 1 : 0)),
  )
}

function unknownName(name: string, path: readonly PropertyKey[], place: Place): string {
  const names = knownNames(place.schema, path)
  const near = nearestName(name, names)
  const right =
    near === undefined ? `one of ${names.join(', ')}` : `a known name: did you mean ${near}?`
  const what = path.length === 0 ? 'setting' : `setting of ${path.map(String).join('.')}`
  const offset = offsetOf(place.document, [...path, name])
  return badInput('SP_CONFIG', { what, where: place.at(offset), value: name, right }).message
}

/** Where the name of a setting stands in the text, or the member of a list. */
function offsetOf(document: Document, keys: readonly PropertyKey[]): number {
  const last = keys.at(-1)
  const holder = keys.length <= 1 ? document.contents : document.getIn(keys.slice(0, -1), true)
  if (isMap(holder)) {
    const pair = holder.items.find(({ key }) => isScalar(key) && String(key.value) === String(last))
    if (pair && isNode(pair.key)) return pair.key.range?.[0] ?? 0
  }
  const node = keys.length === 0 ? document.contents : document.getIn(keys, true)
  return isNode(node) ? (node.range?.[0] ?? 0) : 0
}

/** The library bounds what aliases may unfold to. */
function valueOf(document: Document, path: string): unknown {
  try {
    return document.toJS()
  } catch (cause) {
    const right = 'less that is repeated by aliases'
    throw badInput('SP_CONFIG', {
      what: 'YAML',
      where: path,
      right: `${right} (${quote(String(cause))})`,
    })
  }
}

function together(path: string, lines: readonly string[]): SallyportError {
  const [first = 'damaged'] = lines
  if (lines.length === 1) return new SallyportError('SP_CONFIG', first)
  const list = lines.map((line) => `\n  ${line}`).join('')
  return new SallyportError('SP_CONFIG', `${lines.length} problems in ${path}:${list}`)
}
