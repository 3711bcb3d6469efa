// One word of a POSIX shell, whatever is in it. Bytes that steer a terminal are written as escapes of
// $'…' (POSIX.1-2024; bash, zsh, ksh and busybox have it), so that pasting the command runs nothing.

/** @throws {RangeError} for NUL, which no argument can hold. */
export function shellQuote(text: string): string {
  if (text.includes('\0')) throw new RangeError('a NUL has no place in an argument')
  if (/^[\w@%+=:,./-]+$/.test(text)) return text
  if (!/[\p{Cc}\u2028-\u202e\u2066-\u2069]/u.test(text)) {
    return `'${text.replaceAll("'", "'\\''")}'`
  }
  const bytes = Buffer.from(text, 'utf8')
  const escaped = Array.from(bytes, (byte) => {
    if (byte === 0x27 || byte === 0x5c) return `\\${String.fromCharCode(byte)}`
    if (byte >= 0x20 && byte < 0x7f) return String.fromCharCode(byte)
    // Three octal digits: a hexadecimal escape would swallow digits behind it.
    return `\\${byte.toString(8).padStart(3, '0')}`
  })
  return `$'${escaped.join('')}'`
}
