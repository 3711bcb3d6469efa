// XML both ways, as much of it as AWS's two protocols use: elements and text, no attributes.
export type XmlValue = string | number | boolean | undefined | readonly XmlValue[] | XmlObject
export interface XmlObject {
  readonly [name: string]: XmlValue
}

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

export function escapeXml(text: string): string {
  return text.replaceAll(/[&<>"]/g, (char) => escapes[char] ?? char)
}

function isList(value: XmlValue): value is readonly XmlValue[] {
  return Array.isArray(value)
}

/** Elements for an object; a list's members are `<item>`, the EC2 protocol's rule. */
export function writeXml(value: XmlValue, member = 'item'): string {
  if (value === undefined) return ''
  if (isList(value)) {
    return value.map((one) => `<${member}>${writeXml(one, member)}</${member}>`).join('')
  }
  if (typeof value === 'object') {
    return Object.entries(value)
      .filter(([, one]) => one !== undefined)
      .map(([name, one]) => `<${name}>${writeXml(one, member)}</${name}>`)
      .join('')
  }
  return escapeXml(String(value))
}

export interface Element {
  readonly name: string
  readonly children: readonly Element[]
  readonly text: string
}

/** Parses one document; attributes (only xmlns in what AWS clients send) are dropped. */
export function parseXml(source: string): Element {
  const root = { name: '', children: [] as Element[], text: '' }
  const open = [root]
  for (const [, close, name, empty, words] of source.matchAll(
    /<(\/?)([\w:]+)[^>]*?(\/?)>|([^<]+)|<\?[^>]*\?>/g,
  )) {
    const top = open.at(-1) ?? root
    if (words !== undefined) top.text += unescapeXml(words)
    else if (name === undefined) continue
    else if (close === '/') open.pop()
    else {
      const element = { name, children: [] as Element[], text: '' }
      top.children.push(element)
      if (empty !== '/') open.push(element)
    }
  }
  const [document] = root.children
  if (document === undefined) throw new Error('no XML')
  return document
}

function unescapeXml(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
}

export function children(element: Element | undefined, name: string): readonly Element[] {
  return element?.children.filter((one) => one.name === name) ?? []
}

export function child(element: Element | undefined, name: string): Element | undefined {
  return children(element, name)[0]
}

export function childText(element: Element | undefined, name: string): string {
  return child(element, name)?.text ?? ''
}
