// What a setting in a file may be, as zod schemas whose errors say what would be right. A text is
// checked by the parser that its flag and its variable have, so that all three agree.
import { type ErrorCode, isSallyportError } from '@sallyport/protocol'
import { z } from 'zod'

/** A parser of one setting: throws a SallyportError whose message names `where`. */
export type ParseText = (text: string, where: string, code: ErrorCode) => unknown

/** Stands for the place in a parser's message until the place is known. */
export const placeHolder = '\u0001'

export function wholeNumber(least: number, most: number) {
  const right = { error: `a whole number from ${least} to ${most}` }
  return z.int(right).min(least, right).max(most, right)
}

export function yesNo() {
  return z.boolean({ error: 'true or false' })
}

export function choice<const T extends readonly string[]>(names: T) {
  return z.enum(names, { error: `one of ${names.join(', ')}` })
}

export function text(parse: ParseText) {
  return z.string({ error: 'a text' }).superRefine(checkWith(parse))
}

/** For what people write without quotes, and YAML takes for a number: `target: 3000`. */
export function textOrNumber(parse: ParseText) {
  return z
    .union([z.string(), z.number()], { error: 'a text' })
    .superRefine((value, context) => checkWith(parse)(String(value), context))
}

/** One text, or a list of them. */
export function texts(parse: ParseText) {
  return z.union([text(parse), z.array(text(parse)).min(1, { error: 'at least one' })])
}

function checkWith(parse: ParseText) {
  return (value: string, context: z.RefinementCtx): void => {
    try {
      parse(value, placeHolder, 'SP_CONFIG')
    } catch (error) {
      if (!isSallyportError(error)) throw error
      context.addIssue({ code: 'custom', message: error.message })
    }
  }
}
