// XML with a line for each element, for reading: it checks nothing and drops nothing but white space
// between tags.

/** Deeper than this the lines are no longer indented further. */
const maxIndent = 40

export function prettyXml(text: string): string {
  const lines: string[] = []
  let depth = 0
  const add = (line: string): void => {
    lines.push('  '.repeat(Math.min(depth, maxIndent)) + line)
  }
  for (const [token] of text.matchAll(
    /<!--[^]*?-->|<!\[CDATA\[[^]*?\]\]>|<[?!][^>]*>|<\/[^>]*>|<[^>]*>|[^<]+|</g,
  )) {
    const isTag = token.startsWith('<')
    const trimmed = token.trim()
    if (trimmed === '') continue
    if (trimmed.startsWith('</')) {
      depth = Math.max(0, depth - 1)
      const last = lines.at(-1)?.trim() ?? ''
      // `<a>text</a>` stays on one line.
      const opening = /^<([^\s/>!?]+)[^>]*>[^<]*$/.exec(last)?.[1]
      if (opening !== undefined && trimmed.startsWith(`</${opening}`) && !last.endsWith('/>')) {
        lines[lines.length - 1] += trimmed
      } else add(trimmed)
    } else if (isTag) {
      add(trimmed)
      if (!/^<[!?]|\/>$/.test(trimmed)) depth += 1
    } else if (/^<[^/!?][^<]*[^/]>$/.test(lines.at(-1)?.trim() ?? '') && !trimmed.includes('\n')) {
      lines[lines.length - 1] += trimmed
    } else for (const line of trimmed.split('\n')) add(line.trim())
  }
  return lines.join('\n')
}
