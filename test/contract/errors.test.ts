// docs/errors.md and the table in the code are twins: what one says, the other says.
import assert from 'node:assert/strict'
import test from 'node:test'
import { errorTable, ExitCode } from '@sallyport/protocol'
import { readRepositoryFile, sectionOf, tableRows } from '../support/repository.ts'

const text = readRepositoryFile('docs/errors.md')
const documented = tableRows(sectionOf(text, '## Codes'), 5).filter(([code]) => code !== 'code')
const inCode = Object.entries(errorTable)

test('errors: every code of the table is documented with its exit code, retry and meaning', () => {
  const rows = documented.map(([code, exit, again, meaning]) => ({ code, exit, again, meaning }))
  assert.deepEqual(
    rows,
    inCode.map(([code, { exit, retry, meaning }]) => ({
      code,
      exit: String(exit),
      again: retry ? 'yes' : 'no',
      meaning,
    })),
  )
})

test('errors: every documented code says what to do, and none stands twice', () => {
  for (const [code, , , , remedy] of documented) assert.ok(remedy, `${code} says nothing to do`)
  assert.equal(new Set(documented.map(([code]) => code)).size, documented.length)
})

test('errors: the documented exit codes are those of the programs', () => {
  const rows = tableRows(sectionOf(text, '## Exit codes'), 3).filter(([exit]) => exit !== 'exit')
  assert.deepEqual(
    rows.map(([exit, name]) => [name, Number(exit)]),
    Object.entries(ExitCode),
  )
})

test('errors: codes and meanings have the form that messages rely on', () => {
  for (const [code, { meaning }] of inCode) {
    assert.match(code, /^SP_[A-Z]+(_[A-Z]+)*$/)
    assert.match(meaning, /^[A-Z][^|\n]*\.?[^|\n]*[.]$|^[A-Z][^|\n]*message\.$/, code)
  }
})
