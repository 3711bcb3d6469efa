// A program as one file of JavaScript, without anything to install beside it: what the provisioner
// hands to a fresh instance, and what users run. Equal sources give equal bytes.
import { build } from 'esbuild'
import { fileURLToPath } from 'node:url'
import { buildInspectorPage } from './inspector-page.ts'

/** Writes the relay's bundle; its size in bytes. */
export function buildRelayBundle(outfile: string): Promise<number> {
  return buildBundle('relay', outfile)
}

/** Writes a program's bundle; its size in bytes. */
export async function buildBundle(program: 'relay' | 'agent', outfile: string): Promise<number> {
  const { metafile } = await build({
    entryPoints: [fileURLToPath(new URL(`../packages/${program}/src/cli.ts`, import.meta.url))],
    outfile,
    bundle: true,
    platform: 'node',
    // The Node that the instance gets (packages/provisioner/src/node-release.ts).
    target: 'node24',
    format: 'esm',
    conditions: ['@sallyport/source'],
    minify: true,
    legalComments: 'inline',
    // The inspector's page goes inside: nothing lies beside the file.
    ...(program === 'agent' && {
      define: { SALLYPORT_INSPECTOR_PAGE: JSON.stringify(await buildInspectorPage()) },
    }),
    metafile: true,
    logLevel: 'error',
    // Modules of the older kind call require(), which ESM does not have.
    banner: {
      js: "import{createRequire as makeRequire}from'node:module';const require=makeRequire(import.meta.url);",
    },
  })
  const [output] = Object.values(metafile.outputs)
  return output?.bytes ?? 0
}
