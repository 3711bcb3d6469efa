// XML with a line for each element, for reading: it checks nothing and drops nothing but white space
// between tags. In one pass without going back, because what it reads is hostile.
import { maxIndent } from './limits.ts'

/** What begins so goes on until its end, or to the end of the text. */
const spans = [
  ['<!--', '-->'],
  ['<![CDATA[', ']]>'],
  ['<', '>'],
] as const

export function prettyXml(text: string): string {
  const lines: string[] = []
  let depth = 0
  /** The element that the last line opens: its text and its end may stay on that line. */
  let open: { readonly name: string; hasText: boolean } | undefined
  const add = (line: string): void => {
    lines.push('  '.repeat(Math.min(depth, maxIndent)) + line)
  }
  for (const token of tokensOf(text)) {
    const name = nameOf(token)
    if (token.startsWith('</')) {
      depth = Math.max(0, depth - 1)
      if (open && open.name === name) lines[lines.length - 1] += token
      else add(token)
      open = undefined
    } else if (token.startsWith('<')) {
      add(token)
      const isOpening = !/^<[!?]/.test(token) && !token.endsWith('/>')
      open = isOpening ? { name, hasText: false } : undefined
      if (isOpening) depth += 1
    } else if (open && !open.hasText && !token.includes('\n')) {
      lines[lines.length - 1] += token
      open.hasText = true
    } else {
      for (const line of token.split('\n')) add(line.trim())
      open = undefined
    }
  }
  return lines.join('\n')
}

function* tokensOf(text: string): Generator<string> {
  for (let at = 0; at < text.length;) {
    const span = spans.find(([begin]) => text.startsWith(begin, at))
    const found = span ? text.indexOf(span[1], at + span[0].length) : text.indexOf('<', at)
    const end = found === -1 ? text.length : found + (span ? span[1].length : 0)
    const token = text.slice(at, end).trim()
    if (token !== '') yield token
    at = end
  }
}

/** Long enough for any name that is meant. */
function nameOf(token: string): string {
  return /^<\/?([^\s/>]{1,200})/.exec(token)?.[1] ?? ''
}
