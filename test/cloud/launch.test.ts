// The launcher on a claimed machine, start by start: what it runs, what it takes back, and that nothing
// runs that the deploy key did not sign.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import { bundleProof, generateAgentKey } from '@sallyport/protocol'
import { launcherSource } from '../../packages/provisioner/src/stage0-source.ts'
import { runCommand } from '../support/run-program.ts'
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts'

const deploy = generateAgentKey()
const stranger = generateAgentKey()

interface Place {
  readonly directory: TemporaryDirectory
  /** One start; what the bundle that ran said. */
  start(exit?: number): Promise<string>
  bundles(): Record<string, unknown>
  /** Writes bundles.json and the files that it names. */
  put(bundles: object, files?: Readonly<Record<string, string>>): void
}

async function createPlace(): Promise<Place> {
  const directory = await temporaryDirectory()
  mkdirSync(directory.join('opt'))
  mkdirSync(directory.join('state'))
  writeFileSync(directory.join('opt/launch.mjs'), launcherSource())
  writeFileSync(directory.join('opt/relay.mjs'), says('claimed'))
  const key = deploy.publicKey.toString('base64url')
  return {
    directory,
    async start(exit = 0) {
      const words = [directory.join('opt/launch.mjs'), key, 'serve', '--dir']
      const args = [...words, directory.join('state'), '--listen', ':443']
      await using program = runCommand(process.execPath, args)
      await program.expectExit(exit)
      await program.stdout.ended
      return program.stdout.text
    },
    bundles: () =>
      JSON.parse(readFileSync(directory.join('state/bundles.json'), 'utf8')) as Record<
        string,
        unknown
      >,
    put(bundles, files = {}) {
      writeFileSync(directory.join('state/bundles.json'), JSON.stringify(bundles))
      for (const [name, text] of Object.entries(files)) {
        writeFileSync(directory.join('state', name), text)
      }
    },
  }
}

/** A bundle that tells its name and its arguments' first word. */
const says = (name: string): string => `console.log('${name}', process.argv[2])\n`

function entry(version: number, file: string, code: string, key = deploy) {
  const signature = key.sign(bundleProof(version, Buffer.from(code))).toString('base64url')
  return { version, signature, file }
}

test('launcher: the bundle of the claim runs first, and what runs is written down', async () => {
  const place = await createPlace()
  await using _ = place.directory
  assert.equal(await place.start(), 'claimed serve')
  assert.match(JSON.stringify(place.bundles()['running']), /^\{"version":0,"sha256":"[0-9a-f]{64}"/)
})

test('launcher: a trial has one start; unconfirmed, the one before comes back', async () => {
  const place = await createPlace()
  await using _ = place.directory
  const [first, second] = [says('first'), says('second')]
  place.put(
    {
      v: 1,
      highest: 2,
      current: entry(1, 'bundle-a.mjs', first),
      trial: entry(2, 'bundle-b.mjs', second),
    },
    { 'bundle-a.mjs': first, 'bundle-b.mjs': second },
  )
  assert.equal(await place.start(), 'second serve')
  assert.equal(await place.start(), 'first serve')
  assert.deepEqual(place.bundles()['failed'], { version: 2, why: 'it ended with exit code 0' })
  assert.equal(await place.start(), 'first serve')
})

test('launcher: a trial that throws, or ends, is named with its reason', async () => {
  const place = await createPlace()
  await using _ = place.directory
  for (const [code, exit, why] of [
    ["throw new Error('no such thing')", 1, /no such thing/],
    ['export {', 1, /SyntaxError/],
    ['process.exit(3)', 3, /exit code 3/],
  ] as const) {
    const trial = entry(1, 'bundle-a.mjs', code)
    place.put({ v: 1, highest: 1, trial }, { 'bundle-a.mjs': code })
    await place.start(exit)
    assert.equal(await place.start(), 'claimed serve')
    assert.match(JSON.stringify(place.bundles()['failed']), why)
  }
})

test('launcher: what the deploy key did not sign is never run', async () => {
  const place = await createPlace()
  await using _ = place.directory
  const good = says('good')
  const evil = says('evil')
  for (const [what, trial] of Object.entries({
    'another key': entry(1, 'bundle-a.mjs', evil, stranger),
    'other bytes': entry(1, 'bundle-a.mjs', good),
    'another version': { ...entry(1, 'bundle-a.mjs', evil), version: 2 },
    'a file elsewhere': { ...entry(1, 'bundle-a.mjs', good), file: '../evil.mjs' },
    'no file': { ...entry(1, 'bundle-a.mjs', good), file: 'none.mjs' },
    'no signature': { version: 1, file: 'bundle-a.mjs' },
  })) {
    for (const role of ['trial', 'current']) {
      place.put({ v: 1, highest: 2, [role]: trial }, { 'bundle-a.mjs': evil, '../evil.mjs': evil })
      assert.equal(await place.start(), 'claimed serve', `${role}: ${what}`)
    }
  }
})

test('launcher: a list that is damaged does not keep the relay down', async () => {
  const place = await createPlace()
  await using _ = place.directory
  for (const text of ['', '{', 'null', '[]', '{"trial":5}', '{"current":{}}']) {
    writeFileSync(place.directory.join('state/bundles.json'), text)
    assert.equal(await place.start(), 'claimed serve', text)
  }
})
