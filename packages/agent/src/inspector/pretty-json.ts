// JSON with line breaks, its tokens untouched: numbers keep every digit, keys their order and repeats.

/** @returns undefined when it is not JSON. */
export function prettyJson(text: string): string | undefined {
  try {
    JSON.parse(text)
  } catch {
    return undefined
  }
  // Valid JSON is strings, marks, and words and numbers between them.
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+/g) ?? []
  let depth = 0
  const lineBreak = (): string => `\n${'  '.repeat(depth)}`
  let pretty = ''
  for (const [index, token] of tokens.entries()) {
    const isEmpty = /^[}\]]$/.test(tokens[index + 1] ?? '')
    if (token === '{' || token === '[') {
      depth += 1
      pretty += isEmpty ? token : token + lineBreak()
    } else if (token === '}' || token === ']') {
      depth -= 1
      const before = tokens[index - 1]
      pretty += before === '{' || before === '[' ? token : lineBreak() + token
    } else if (token === ',') pretty += token + lineBreak()
    else if (token === ':') pretty += ': '
    else pretty += token
  }
  return pretty
}
