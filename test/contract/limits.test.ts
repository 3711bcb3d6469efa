// A number that bounds something is defended where it stands.
import assert from 'node:assert/strict'
import test from 'node:test'
import { readRepositoryFile, repositoryFiles } from '../support/repository.ts'

test('limits: every number has a comment above it, shared at most within one block', () => {
  const files = repositoryFiles('packages/*/src/limits.ts')
  assert.ok(files.includes('packages/protocol/src/limits.ts'))
  for (const path of files) {
    let isDefended = false
    for (const [index, line] of readRepositoryFile(path).split('\n').entries()) {
      if (line.startsWith('export const ')) {
        assert.ok(isDefended, `${path}:${index + 1} has no comment: ${line}`)
      } else if (line.trim() === '') isDefended = false
      else if (/^(\/\/|\/\*\*| \*)/.test(line)) isDefended = true
    }
  }
})
