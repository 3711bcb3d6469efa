// `npm run check`: types, lint (with the layering rule) and format.
import { spawnSync } from 'node:child_process'

const steps: readonly (readonly string[])[] = [
  ['tsc', '-b'],
  ['oxlint', '--deny-warnings'],
  ['oxfmt', '--check', '.'],
]

let failed = false
for (const [command = '', ...args] of steps) {
  console.log(`check: ${[command, ...args].join(' ')}`)
  const result = spawnSync(`node_modules/.bin/${command}`, args, { stdio: 'inherit' })
  failed ||= result.status !== 0
}
process.exit(failed ? 1 : 0)
