// Strict base64url (RFC 4648 §5, no padding). Buffer.from takes anything and skips what it does not
// know, so that two texts could name one value: here there is exactly one text for each value.

/** The bytes, or undefined when the text is not exactly how `bytes` bytes are written. */
export function decodeBase64url(text: string, bytes: number): Buffer | undefined {
  const decoded = Buffer.from(text, 'base64url')
  return decoded.length === bytes && decoded.toString('base64url') === text ? decoded : undefined
}
