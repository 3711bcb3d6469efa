// Byte classes of HTTP/1.1 (RFC 9110 §5.5, §5.6.2; RFC 9112 §3), as tables: the head parser asks
// one of them per byte. No parsing here.

export const CR = 0x0d
export const LF = 0x0a
export const SP = 0x20
export const HTAB = 0x09
export const COLON = 0x3a

function tableOf(belongs: (octet: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, octet) => (belongs(octet) ? 1 : 0))
}

const tokenMarks = new Set(Buffer.from("!#$%&'*+-.^_`|~"))
const isDigit = (octet: number): boolean => octet >= 0x30 && octet <= 0x39
const isLetter = (octet: number): boolean =>
  (octet >= 0x41 && octet <= 0x5a) || (octet >= 0x61 && octet <= 0x7a)

/** tchar: methods and field names. */
export const tokenOctets = tableOf(
  (octet) => isDigit(octet) || isLetter(octet) || tokenMarks.has(octet),
)

/** What may stand in a field value or a reason phrase: HTAB, SP, VCHAR, obs-text. Never NUL, CR, LF. */
export const valueOctets = tableOf((octet) => octet === HTAB || (octet >= SP && octet !== 0x7f))

/**
 * What may stand in a request target. Looser than RFC 3986 (browsers send `|` and `{`, curl raw
 * UTF-8), but no SP, no control, and no `#`: a fragment is read differently by different origins.
 */
export const targetOctets = tableOf((octet) => octet > SP && octet !== 0x7f && octet !== 0x23)

/** The value of a hexadecimal digit, 255 for anything else. */
export const hexValues = Uint8Array.from({ length: 256 }, (_, octet) => {
  const digit = '0123456789abcdef'.indexOf(String.fromCharCode(octet).toLowerCase())
  return digit < 0 ? 255 : digit
})

/**
 * A field name's octet as CGI-like origins fold it: letters to lower case, everything that is no
 * letter or digit to `-`, so that `X_Forwarded-For` and `x.forwarded.for` show what they would become.
 */
export const foldedOctets = Uint8Array.from({ length: 256 }, (_, octet) => {
  if (isDigit(octet)) return octet
  return isLetter(octet) ? octet | 0x20 : 0x2d
})

/** True when the text is one token. */
export function isToken(text: string): boolean {
  return text !== '' && every(text, tokenOctets)
}

/** True when the text could stand in a field value as it is: no control characters, latin-1 only. */
export function isFieldValue(text: string): boolean {
  return every(text, valueOctets) && !/^[ \t]|[ \t]$/.test(text)
}

/** True when the text could stand in a request line as its target. */
export function isTarget(text: string): boolean {
  return text !== '' && every(text, targetOctets)
}

function every(text: string, table: Uint8Array): boolean {
  for (let index = 0; index < text.length; index++) {
    if (table[text.charCodeAt(index)] !== 1) return false
  }
  return true
}
