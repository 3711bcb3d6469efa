// The relay as one file of JavaScript, built before (npm run build): what is handed over at the claim.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { SallyportError } from '@sallyport/protocol'
import type { Environment } from './env-file.ts'

/** SALLYPORT_RELAY_BUNDLE, else the file that the build puts beside this package. */
export function readRelayBundle(env: Environment): Buffer {
  const path =
    env['SALLYPORT_RELAY_BUNDLE'] ??
    fileURLToPath(new URL('../dist/relay-bundle.mjs', import.meta.url))
  try {
    return readFileSync(path)
  } catch (error) {
    throw new SallyportError(
      'SP_CONFIG',
      `the relay's bundle ${path} cannot be read; build it with npm run build, or set SALLYPORT_RELAY_BUNDLE`,
      { cause: error },
    )
  }
}
