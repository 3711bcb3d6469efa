// A hop as a line for people, and as an event. What is shown of other machines is escaped.
import { escapeControls } from '../escape-controls.ts'
import type { Hop } from './hop.ts'

const signs = { ok: '✓', warn: '!', broken: '✗', skipped: '–' } as const
const nameColumns = 12
const timeColumns = 9

/** One line, and a second one with what to do. */
export function hopLines({ hop, state, text, ms, fix }: Hop): readonly string[] {
  const time = ms === undefined ? '' : `${ms.toFixed(ms < 10 ? 1 : 0)} ms`
  const head = `${signs[state]} ${hop.padEnd(nameColumns)} ${time.padStart(timeColumns)}  `
  const lines = [`${head}${escapeControls(text)}`]
  if (fix !== undefined) lines.push(`${' '.repeat(head.length)}→ ${escapeControls(fix)}`)
  return lines
}

/** The last line. */
export function verdictLine(broken: Hop | undefined): string {
  if (!broken) return 'every hop works'
  const where = broken.route === undefined ? '' : ` of ${broken.route}`
  return `broken: ${broken.hop}${where} (${broken.code ?? 'SP_INTERNAL'})`
}
