import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { readSettings } from './env-file.ts'

function withFile(text: string, look: (path: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-test-'))
  try {
    const path = join(directory, 'custom.env')
    writeFileSync(path, text)
    look(path)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

test('env file: names of any case are found, the environment goes first', () => {
  withFile('port=2021\nkey_file="private.pem"\nSUBDOMAIN=file\n', (path) => {
    const read = readSettings({ ENV_FILE: path, SUBDOMAIN: 'own' }, undefined)
    assert.deepEqual(read('PORT'), { value: '2021', where: `PORT in ${path}` })
    assert.equal(read('KEY_FILE')?.value, 'private.pem')
    assert.deepEqual(read('SUBDOMAIN'), { value: 'own', where: 'SUBDOMAIN in the environment' })
    assert.equal(read('HOSTED_ZONE'), undefined)
  })
})

test('env file: env_file in lower case, and --env-file before both', () => {
  withFile('PORT=1\n', (path) => {
    assert.equal(readSettings({ env_file: path }, undefined)('PORT')?.value, '1')
    assert.equal(readSettings({ env_file: '/nowhere' }, path)('PORT')?.value, '1')
  })
})

test('env file: one that was named must be there', () => {
  assert.throws(() => readSettings({}, '/nowhere/.env'), /env file \/nowhere\/.env cannot be read/)
})
