// The way of a byte in ARCHITECTURE.md is the way in the code: eight files, each of which says its
// number in its first lines, and no other file does.
import assert from 'node:assert/strict'
import test from 'node:test'
import { readRepositoryFile, repositoryFiles, sectionOf, tableRows } from '../support/repository.ts'

const steps = 8
const headerLines = 5

/** `3 packages/mux/src/splice.ts`, as the first lines of the sources say. */
function claimed(): readonly string[] {
  return repositoryFiles('packages/*/src/**/*.ts')
    .filter((path) => !path.endsWith('.test.ts'))
    .flatMap((path) => {
      const header = readRepositoryFile(path).split('\n').slice(0, headerLines).join('\n')
      const number = /\bbyte path (\d+)\/8\b/i.exec(header)?.[1]
      return number === undefined ? [] : [`${number} ${path}`]
    })
    .sort()
}

/** False while a package exports nothing: its files are judged from its first export on. */
function hasCode(path: string): boolean {
  const name = path.split('/')[1] ?? ''
  return readRepositoryFile(`packages/${name}/src/index.ts`).trim() !== 'export {}'
}

test('byte path: the eight files of ARCHITECTURE.md say their number, and no other does', () => {
  const architecture = readRepositoryFile('ARCHITECTURE.md')
  const documented = tableRows(sectionOf(architecture, '## The way of a byte'), 3)
    .filter(([number = '']) => /^\d+$/.test(number))
    .map(([number = '', file = '']) => `${number} packages/${file.replaceAll('`', '')}`)
  assert.equal(documented.length, steps)
  assert.deepEqual(claimed(), documented.filter(hasCode))
})
