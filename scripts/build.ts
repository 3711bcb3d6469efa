// `npm run build`: the inspector's page, and relay and agent as one file of JavaScript each;
// `provisioner up` hands over the relay's.
import { relative } from 'node:path'
import { buildBundle } from './bundle.ts'
import { inspectorPagePath, writeInspectorPage } from './inspector-page.ts'

const bundles = [
  ['relay', 'packages/provisioner/dist/relay-bundle.mjs'],
  ['agent', 'packages/agent/dist/agent-bundle.mjs'],
] as const

const pageBytes = await writeInspectorPage()
console.log(`build: ${relative('.', inspectorPagePath)}, ${Math.round(pageBytes / 1024)} KiB`)
for (const [program, path] of bundles) {
  const bytes = await buildBundle(program, path)
  console.log(`build: ${path}, ${Math.round(bytes / 1024)} KiB`)
}
