// Credentials by AWS's own chain, as a process without ours: a profile is found, and none at all is one
// line. The mark of the test runner is taken away, since under it the provisioner wants given keys; the
// endpoints are the stand-in's all the same, and HOME is empty.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import { ExitCode } from '@sallyport/protocol'
import { type CloudWorld, startCloudWorld } from '../support/cloud-world.ts'
import { fakeKeys } from '../support/fake-aws/fake-aws.ts'
import { runProgram } from '../support/run-program.ts'

async function planFrom(world: CloudWorld, exit: number): Promise<{ out: string; err: string }> {
  const { AWS_ACCESS_KEY: _, AWS_SECRET_KEY: __, NODE_TEST_CONTEXT: ___, ...env } = world.env
  await using program = runProgram('provisioner', ['plan', '--json'], {
    cwd: world.directory.path,
    env: { ...env, HOME: world.directory.path },
  })
  await program.expectExit(exit)
  return { out: program.stdout.text, err: program.stderr.text }
}

test('credentials: a profile of ~/.aws is used where no setting names keys', async () => {
  await using world = await startCloudWorld()
  mkdirSync(world.directory.join('.aws'))
  writeFileSync(
    world.directory.join('.aws/credentials'),
    [
      '[default]',
      `aws_access_key_id=${fakeKeys.AWS_ACCESS_KEY}`,
      `aws_secret_access_key=${fakeKeys.AWS_SECRET_KEY}`,
    ].join('\n'),
  )
  const { out } = await planFrom(world, 0)
  assert.match(out, /"event":"plan"/)
  assert.doesNotMatch(out, /fake\/secret/)
  assert.ok(world.fake.calls.length > 3)
})

test('credentials: none anywhere is one line that says what to set, and AWS hears nothing', async () => {
  await using world = await startCloudWorld()
  const { out, err } = await planFrom(world, ExitCode.configuration)
  assert.equal(err, '')
  const events = out.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>)
  assert.deepEqual(
    events.map(({ event, code }) => [event, code]),
    [['error', 'SP_AWS_CREDENTIALS']],
  )
  assert.match(
    String(events[0]?.['message']),
    /^cannot .* \(CredentialsProviderError\); set AWS_ACCESS_KEY and AWS_SECRET_KEY, or configure a profile/,
  )
  assert.deepEqual(world.fake.calls, [])
  assert.throws(() => readFileSync(world.stateFile), /ENOENT/)
})
