// JSON with line breaks, its tokens untouched: numbers keep every digit, keys their order and repeats.
// In one pass, and bounded in what it adds, because what it reads is hostile.
import { maxIndent } from './limits.ts'

const indents = Array.from({ length: maxIndent + 1 }, (_, depth) => `\n${'  '.repeat(depth)}`)

/** @returns undefined when it is not JSON. */
export function prettyJson(text: string): string | undefined {
  try {
    JSON.parse(text)
  } catch {
    return undefined
  }
  const pieces: string[] = []
  let depth = 0
  let isFresh = false
  const lineBreak = (): void => void pieces.push(indents[Math.min(depth, maxIndent)] ?? '\n')
  // Valid JSON is strings, marks, and words and numbers between them.
  const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+/g
  for (let match = tokens.exec(text); match; match = tokens.exec(text)) {
    const [token] = match
    if (token === '}' || token === ']') {
      depth -= 1
      if (!isFresh) lineBreak()
      isFresh = false
      pieces.push(token)
      continue
    }
    if (isFresh) lineBreak()
    isFresh = token === '{' || token === '['
    if (isFresh) depth += 1
    pieces.push(token === ':' ? ': ' : token)
    if (token === ',') lineBreak()
  }
  return pieces.join('')
}
