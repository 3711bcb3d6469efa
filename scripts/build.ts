// `npm run build`: relay and agent as one file of JavaScript each; `provisioner up` hands over the
// first.
import { buildBundle } from './bundle.ts'

const bundles = [
  ['relay', 'packages/provisioner/dist/relay-bundle.mjs'],
  ['agent', 'packages/agent/dist/agent-bundle.mjs'],
] as const

for (const [program, path] of bundles) {
  const bytes = await buildBundle(program, path)
  console.log(`build: ${path}, ${Math.round(bytes / 1024)} KiB`)
}
