// Captured bytes are hostile: what would steer a terminal, or turn a line around, is written out.

/** Controls but for tab and line feed, and Unicode's marks of direction and its line ends. */
const steering = /[^\P{Cc}\t\n]|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu

/** Each as `\xHH` or `\u{HHHH}`; CR LF becomes a line feed. */
export function visibleText(text: string): string {
  return text.replaceAll('\r\n', '\n').replaceAll(steering, (character) => {
    const code = character.charCodeAt(0)
    const digits = code.toString(16)
    return code < 0x100 ? `\\x${digits.padStart(2, '0')}` : `\\u{${digits}}`
  })
}
