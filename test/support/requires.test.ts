import assert from 'node:assert/strict'
import { basename } from 'node:path'
import test from 'node:test'
import { skipUnless } from './requires.ts'

const present = { programs: ['sh'], install: 'dash' }
const absent = { programs: ['sh', 'sallyport-absent'], install: 'sallyport-absent-package' }
const unfit = { ...present, unfit: (path: string) => `a bad ${basename(path)}` }

test('requires: what is there is no reason to skip', () => {
  assert.deepEqual(skipUnless([present], false), {})
  assert.deepEqual(skipUnless([present], true), {})
})

test('requires: what is absent or unfit skips the test and says what to install', () => {
  assert.deepEqual(skipUnless([present, absent, unfit], false), {
    skip: 'this machine has no sallyport-absent (package sallyport-absent-package) and a bad sh (package dash)',
  })
})

test('requires: where everything must be there, what is absent fails', () => {
  assert.throws(() => skipUnless([absent], true), /no sallyport-absent .*lets no test be skipped/)
})
