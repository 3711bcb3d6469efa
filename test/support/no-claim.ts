// A bootstrap for instances that do not run: nothing is claimed, and nothing else is left out.
import type { Bootstrap } from '../../packages/provisioner/src/bootstrap.ts'

export const noClaim: Bootstrap = {
  check() {},
  createClaim: () => ({ deployKey: 'none', secret: 'none', committed: false }),
  createUserData: () => '#cloud-config\n{}\n',
  async claim({ claim, save }) {
    save({ claim: { ...claim, committed: true } })
  },
  async deliver() {},
}
