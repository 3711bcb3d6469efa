// The status block as lines that fit a terminal. Pure. What others chose (paths, methods) comes in
// printable ASCII only, so that a character is a column and nothing steers the terminal.
import { leastColumns, leastRows, shownRoutes } from '../limits.ts'
import type { BoardEntry, BoardView } from './status-board.ts'

/** Select Graphic Rendition (ECMA-48 §8.3.117). */
const sgr = { plain: 0, bold: 1, dim: 2, red: 31, green: 32, yellow: 33 } as const
type Look = keyof typeof sgr

interface Part {
  readonly text: string
  readonly look?: Look
}

export interface Room {
  readonly columns: number
  readonly rows: number
}

/** True where the block would leave no room for anything else. */
export function isTooSmall({ columns, rows }: Room): boolean {
  return columns < leastColumns || rows < leastRows
}

/** Lines no wider than the terminal less one column, and at most half as many as it has rows. */
export function statusLines(view: BoardView, { columns, rows }: Room): readonly string[] {
  const width = columns - 1
  const routes = view.routes.slice(0, shownRoutes)
  const lines: Part[][] = routes.map(({ url, target }) => [
    { text: printable(url), look: 'bold' },
    { text: ` → ${printable(target)}` },
  ])
  const hidden = view.routes.length - routes.length
  if (hidden > 0) lines.push([{ text: `and ${hidden} more`, look: 'dim' }])
  lines.push(stateParts(view))
  // A blank line above, and one between.
  const room = Math.max(0, Math.floor(rows / 2) - lines.length - 2)
  const entries = room === 0 ? [] : view.entries.slice(-room)
  if (entries.length > 0) lines.push([])
  for (const entry of entries) lines.push(entryParts(entry, width))
  return ['', ...lines.map((parts) => fit(parts, width))]
}

function stateParts({ state, roundTripMs, visitors, visits }: BoardView): Part[] {
  const counts = `${visitors} ${visitors === 1 ? 'visitor' : 'visitors'} now, ${visits} before`
  switch (state.name) {
    case 'connecting':
      return [{ text: '● ', look: 'yellow' }, { text: 'connecting' }]
    case 'away':
      return [{ text: '● ', look: 'yellow' }, { text: `reconnecting: ${printable(state.why)}` }]
    case 'draining':
      return [{ text: '● ', look: 'yellow' }, { text: `ending · ${counts}` }]
    case 'online': {
      const latency = roundTripMs === undefined ? '' : ` · ${time(roundTripMs)} to the relay`
      return [{ text: '● ', look: 'green' }, { text: `online${latency} · ${counts}` }]
    }
  }
}

const methodColumns = 7
const statusColumns = 6
const timeColumns = 8

function entryParts({ what, where, status, ms }: BoardEntry, width: number): Part[] {
  const room = width - methodColumns - statusColumns - timeColumns - 2
  const path = cut(printable(where), room).padEnd(room)
  const shown = String(status ?? '…').padStart(statusColumns)
  const isBad = status === 'broken' || (typeof status === 'number' && status >= 500)
  const isOdd = typeof status === 'number' && status >= 400
  return [
    { text: cut(printable(what), methodColumns).padEnd(methodColumns + 1), look: 'dim' },
    { text: path },
    { text: shown, look: isBad ? 'red' : isOdd ? 'yellow' : 'plain' },
    { text: (ms === undefined ? '' : time(ms)).padStart(timeColumns + 1), look: 'dim' },
  ]
}

function time(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`
  return ms < 10_000 ? `${Math.round(ms)} ms` : `${Math.round(ms / 1000)} s`
}

/** Everything but printable ASCII as `\x..` or `\u{...}`. */
export function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/gu, (char) => {
    const digits = (char.codePointAt(0) ?? 0).toString(16)
    return digits.length <= 2 ? `\\x${digits.padStart(2, '0')}` : `\\u{${digits}}`
  })
}

/** Our own signs (→ ● · …) are one column each; all else is ASCII. */
function cut(text: string, columns: number): string {
  if (text.length <= columns) return text
  return columns > 0 ? `${text.slice(0, columns - 1)}…` : ''
}

function fit(parts: readonly Part[], width: number): string {
  let room = width
  let line = ''
  for (const { text, look = 'plain' } of parts) {
    const shown = cut(text, room)
    room -= shown.length
    if (shown === '') continue
    line += look === 'plain' ? shown : `\u001b[${sgr[look]}m${shown}\u001b[${sgr.plain}m`
  }
  return line
}
