import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { version } from './version.ts'

test('version: is that of package.json', () => {
  const manifest: unknown = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  )
  assert.ok(typeof manifest === 'object' && manifest !== null && 'version' in manifest)
  assert.equal(version, manifest.version)
})
