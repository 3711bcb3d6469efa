// Writes a run as JSON, Markdown and SVG beside one another.
import { writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import type { BenchResult } from '../result.ts'
import { formatChart } from './chart.ts'
import { formatMarkdown } from './markdown.ts'

/** `base` is the path without the suffixes. */
export async function writeReport(base: string, result: BenchResult): Promise<void> {
  await writeFile(`${base}.json`, `${JSON.stringify(result, null, 1)}\n`)
  await writeFile(`${base}.svg`, formatChart(result))
  await writeFile(`${base}.md`, formatMarkdown(result, `${basename(base)}.svg`))
}
