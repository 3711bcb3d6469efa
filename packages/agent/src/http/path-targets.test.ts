import assert from 'node:assert/strict'
import test from 'node:test'
import { PathTargets } from './path-targets.ts'

test('path targets: the longest prefix that ends at a border', () => {
  const targets = new PathTargets([
    { prefix: '/', target: 'web' },
    { prefix: '/api/v2', target: 'new' },
    { prefix: '/api', target: 'api' },
  ])
  assert.equal(targets.only, undefined)
  const found = ['/', '/apis', '/api', '/api/', '/api?x', '/api/v2/x', '/api/v20', '*'].map(
    (path) => targets.find(path),
  )
  assert.deepEqual(found, ['web', 'web', 'api', 'api', 'api', 'new', 'api', 'web'])
})

test('path targets: one for everything is known beforehand, one for a part is not', () => {
  assert.equal(new PathTargets([{ prefix: '/', target: 'web' }]).only, 'web')
  const part = new PathTargets([{ prefix: '/api', target: 'api' }])
  assert.equal(part.only, undefined)
  assert.equal(part.find('/'), undefined)
})
