// A url as a QR code for a terminal: two modules to a character, by half blocks.
import { encode } from 'uqr'

/** Modules around it: ISO/IEC 18004 wants 4; terminals have a border of their own, and readers take 2. */
const quietModules = 2

/** Black on white, whatever the colours of the terminal. */
const colours = { begin: '\u001b[30;107m', end: '\u001b[0m' } as const

/** `isColoured` false: for light text on a dark ground, as most terminals have it. */
export function qrLines(text: string, isColoured: boolean): readonly string[] {
  const { data } = encode(text, { ecc: 'L', border: quietModules })
  const isInk = (row: number, column: number): boolean =>
    (data[row]?.[column] ?? false) === isColoured
  const lines: string[] = []
  for (let row = 0; row < data.length; row += 2) {
    const blocks = (data[row] ?? []).map((_, column) => {
      const above = isInk(row, column)
      const below = isInk(row + 1, column)
      return above ? (below ? '█' : '▀') : below ? '▄' : ' '
    })
    const line = blocks.join('')
    lines.push(isColoured ? `${colours.begin}${line}${colours.end}` : line)
  }
  return lines
}
