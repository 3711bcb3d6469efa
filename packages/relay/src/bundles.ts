// The relay's own code as it was delivered after the claim: two files in the state directory, of which
// one runs and the other may be on trial, and bundles.json, which the launcher reads at every start
// (packages/provisioner/src/stage0/launch.mjs). Takes only what the deploy key signed.
import { SallyportError, bundleProof, verifySignature } from '@sallyport/protocol'
import { z } from 'zod'
import type { StateDirectory } from './state-directory.ts'

const fileNames = ['bundle-a.mjs', 'bundle-b.mjs'] as const
const version = z.int().min(0).max(0xffff_ffff)

const bundle = z.strictObject({
  version,
  signature: z.string(),
  file: z.enum(fileNames),
  started: z.boolean().optional(),
  why: z.string().optional(),
})

const fileSchema = z.strictObject({
  v: z.literal(1),
  /** The highest version ever taken: the next one must be above it. */
  highest: version,
  /** What the launcher started. 0 is the bundle of the claim. */
  running: z.strictObject({ version, sha256: z.string() }).optional(),
  /** The last one that was confirmed; absent: the bundle of the claim. */
  current: bundle.optional(),
  trial: bundle.optional(),
  failed: z.strictObject({ version, why: z.string() }).optional(),
})
type Bundles = z.output<typeof fileSchema>

/** What the provisioner is told. */
export interface BundleFacts {
  readonly version: number
  /** Hexadecimal. */
  readonly sha256: string
  readonly highest: number
  /** It runs, and is not confirmed. */
  readonly isOnTrial: boolean
  /** The last one that did not come up. */
  readonly failed?: { readonly version: number; readonly why: string } | undefined
}

/** Undefined: this relay was not started by a launcher. */
export async function readBundleFacts(state: StateDirectory): Promise<BundleFacts | undefined> {
  const bundles = await readBundles(state)
  if (!bundles?.running) return undefined
  const { running, highest, trial, failed } = bundles
  return { ...running, highest, isOnTrial: trial?.version === running.version, failed }
}

/**
 * Keeps a new bundle for the next start, on trial.
 * @throws {SallyportError} SP_UPGRADE_REFUSED, SP_STATE.
 */
export async function stageBundle(
  state: StateDirectory,
  deployKey: Buffer,
  next: { readonly version: number; readonly signature: string; readonly bytes: Buffer },
): Promise<void> {
  const bundles = await readBundles(state)
  if (!bundles?.running) throw refused('it was not started by a launcher')
  const signature = Buffer.from(next.signature, 'base64url')
  if (!verifySignature(deployKey, bundleProof(next.version, next.bytes), signature)) {
    throw refused('the signature is not of the deploy key over this bundle and version')
  }
  if (next.version <= bundles.highest) {
    throw refused(`version ${next.version} is not above ${bundles.highest}`)
  }
  const file = bundles.current?.file === fileNames[0] ? fileNames[1] : fileNames[0]
  // Not the other way round: until the second write nothing names the new file.
  if (bundles.trial) await writeBundles(state, { ...bundles, trial: undefined })
  await state.write(file, next.bytes)
  const trial = { version: next.version, signature: next.signature, file }
  await writeBundles(state, { ...bundles, highest: next.version, trial, failed: undefined })
}

/**
 * The bundle that runs is good: every start takes it from now on.
 * @throws {SallyportError} SP_UPGRADE_REFUSED when it is not the one that runs.
 */
export async function confirmBundle(state: StateDirectory, confirmed: number): Promise<void> {
  const bundles = await readBundles(state)
  if (bundles?.running?.version !== confirmed) throw refused(`it does not run version ${confirmed}`)
  const { trial } = bundles
  if (trial?.version !== confirmed) return
  const { version: number, signature, file } = trial
  const current = { version: number, signature, file }
  await writeBundles(state, { ...bundles, current, trial: undefined })
}

async function readBundles(state: StateDirectory): Promise<Bundles | undefined> {
  const text = await state.read('bundles.json')
  return text === undefined ? undefined : state.parse('bundles.json', text, fileSchema)
}

function writeBundles(state: StateDirectory, bundles: Bundles): Promise<void> {
  return state.write('bundles.json', `${JSON.stringify(bundles)}\n`)
}

function refused(why: string): SallyportError {
  return new SallyportError('SP_UPGRADE_REFUSED', `the relay did not take the bundle: ${why}`)
}
