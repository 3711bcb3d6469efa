// The files of the repository, for tests that hold code and documents together.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryRoot } from './run-program.ts'

/** Paths from the root that match one of the patterns, without what was installed or built. */
export function repositoryFiles(...patterns: readonly string[]): readonly string[] {
  const exclude = (path: string) => /(^|\/)(node_modules|dist|\.git)$/.test(path)
  return globSync(patterns, { cwd: repositoryRoot, exclude }).sort()
}

export function readRepositoryFile(path: string): string {
  return readFileSync(join(repositoryRoot, path), 'utf8')
}

/** The rows of the Markdown tables in `text` that have as many cells; heads and rules left out. */
export function tableRows(text: string, cells: number): readonly (readonly string[])[] {
  return text
    .split('\n')
    .filter((line) => /^\|.*\|$/.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    )
    .filter((row) => row.length === cells && !row.every((cell) => /^:?-+:?$/.test(cell)))
}

/** The part of a document under the heading, up to the next one of the same or a higher level. */
export function sectionOf(text: string, heading: string): string {
  const lines = text.split('\n')
  const start = lines.indexOf(heading)
  if (start < 0) throw new Error(`no heading '${heading}'`)
  const level = heading.indexOf(' ')
  const isNext = (line: string) => /^#+ /.test(line) && line.indexOf(' ') <= level
  const end = lines.findIndex((line, index) => index > start && isNext(line))
  return lines.slice(start + 1, end < 0 ? undefined : end).join('\n')
}
