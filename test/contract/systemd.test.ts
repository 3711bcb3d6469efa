// The units of docs/systemd are right for systemd, closed as they say, and start what there is.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import test from 'node:test'
import { readRepositoryFile } from '../support/repository.ts'
import { programPath, requires } from '../support/requires.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

for (const program of ['relay', 'agent']) {
  const unit = readRepositoryFile(`docs/systemd/sallyport-${program}.service`)

  test(
    `systemd: the ${program}'s unit is right, and exposed little`,
    requires('systemd'),
    async () => {
      await using directory = await temporaryDirectory()
      const path = directory.join(`sallyport-${program}.service`)
      // The program that is named need not be there.
      writeFileSync(path, unit.replaceAll(`/usr/local/bin/${program}`, '/bin/true'))
      const analyze = (...args: readonly string[]) =>
        spawnSync(programPath('systemd'), [...args, path], { encoding: 'utf8', timeout: 20_000 })
      const verified = analyze('verify', '--man=no')
      assert.deepEqual([verified.status, verified.stderr], [0, ''])
      const { status, stdout } = analyze('security', '--offline=true', '--threshold=25')
      assert.equal(status, 0, stdout.split('\n').at(-2))
    },
  )

  test(`systemd: the ${program}'s unit uses flags that exist, and no secret`, () => {
    const command = /^ExecStart=\S+ (.*)$/m.exec(unit)?.[1] ?? ''
    const flags = command.match(/--[\w-]+/g) ?? []
    const documented = readRepositoryFile('docs/configuration.md')
    assert.ok(flags.length > 0)
    for (const flag of flags) assert.match(documented, new RegExp(`\`${flag}[\` ]`))
    assert.ok(!/sallyport:\/\/|sp1_/.test(unit))
  })
}
