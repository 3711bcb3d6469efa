// Stacks without machines, for what the provisioner does at AWS alone.
import type { Bootstrap } from '../../packages/provisioner/src/bootstrap.ts'
import { readSettings } from '../../packages/provisioner/src/env-file.ts'
import { parseSettings } from '../../packages/provisioner/src/settings.ts'
import type { StackOptions } from '../../packages/provisioner/src/stack.ts'

/** For instances that do not run: nothing is claimed, and nothing else is left out. */
const noClaim: Bootstrap = {
  check() {},
  createClaim: () => ({ deployKey: 'none', secret: 'none', committed: false }),
  createUserData: () => '#cloud-config\n{}\n',
  async claim({ claim, save }) {
    save({ claim: { ...claim, committed: true } })
  },
  async deliver() {},
}

/** With the settings that `env` has. */
export function stackOptions(
  env: Readonly<Record<string, string>>,
  given: Partial<StackOptions> = {},
): StackOptions {
  return {
    settings: parseSettings(readSettings(env, undefined), 'ada'),
    env,
    bootstrap: noClaim,
    report: () => {},
    signal: AbortSignal.timeout(30_000),
    now: () => new Date(),
    resolve: async () => [],
    ...given,
  }
}
