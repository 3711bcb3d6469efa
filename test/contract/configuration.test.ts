// docs/configuration.md and the JSON Schemas are what the schemas in the code say, and the two
// programs' flags are in the tables.
import assert from 'node:assert/strict'
import test from 'node:test'
import { agentSettingsSchema } from '@sallyport/agent'
import { relaySettingsSchema } from '@sallyport/relay'
import { settingRows } from '@sallyport/settings'
import { makeConfigurationFiles } from '../../scripts/configuration.ts'
import { readRepositoryFile } from '../support/repository.ts'

test('configuration: tables and JSON Schemas are those of the code', () => {
  const made = makeConfigurationFiles(readRepositoryFile)
  assert.equal(made.size, 3)
  for (const [path, text] of made) {
    assert.equal(readRepositoryFile(path), text, `${path} is stale: run scripts/configuration.ts`)
  }
})

test('configuration: every setting is described, and its flag has its name', () => {
  for (const schema of [relaySettingsSchema, agentSettingsSchema]) {
    const rows = settingRows(schema)
    assert.ok(rows.length > 8)
    for (const { key, flag, description } of rows) {
      assert.ok(description.length > 3, key)
      if (flag !== undefined) {
        assert.equal(flag.split(' ')[0], `--${key.replaceAll(/[._]/g, '-')}`)
      }
    }
  }
})
