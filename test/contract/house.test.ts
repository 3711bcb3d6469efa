// Rules of the house that lint has no rule for.
import assert from 'node:assert/strict'
import test from 'node:test'
import { readRepositoryFile, repositoryFiles } from '../support/repository.ts'
import { requirements } from '../support/requires.ts'

const sources = repositoryFiles('{packages,test,scripts,bench,examples}/**/*.{ts,mjs}')

test('house: every lint rule that is switched off says why', () => {
  assert.ok(sources.length > 50)
  for (const path of sources) {
    for (const [line] of readRepositoryFile(path).matchAll(/^.*(?:oxlint|eslint)-disable.*$/gm)) {
      if (path === 'test/contract/house.test.ts') continue
      assert.match(line, / -- \S+ \S+/, `${path}: ${line.trim()}`)
    }
  }
})

test('house: no file is a drawer for odds and ends', () => {
  const drawers = sources.filter((path) => /(^|\/)(utils?|common|helpers?|types)(\.|\/)/.test(path))
  assert.deepEqual(drawers, [])
})

test('house: .ci/run installs what tests ask of the machine', () => {
  const script = readRepositoryFile('.ci/run')
  const installed = new Map(
    [...script.matchAll(/^ {2}([\w-]+):([\w.-]+)$/gm)].map(([, program = '', name]) => [
      program,
      name,
    ]),
  )
  for (const { programs, install } of Object.values(requirements)) {
    assert.equal(installed.get(programs[0]), install, programs[0])
  }
})
