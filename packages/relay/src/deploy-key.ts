// deploy.json: the public half of the key that may steer this relay from afar. The claim puts it into
// the state directory; a relay without it has no deploy door.
import { z } from 'zod'
import type { StateDirectory } from './state-directory.ts'

const fileSchema = z.strictObject({ v: z.literal(1), public_key: z.string() })
const publicKeyBytes = 32

/**
 * 32 bytes, raw; undefined when there is no such file.
 * @throws {SallyportError} SP_STATE.
 */
export async function readDeployKey(state: StateDirectory): Promise<Buffer | undefined> {
  const text = await state.read('deploy.json')
  if (text === undefined) return undefined
  const { public_key: encoded } = state.parse('deploy.json', text, fileSchema)
  const publicKey = Buffer.from(encoded, 'base64url')
  if (publicKey.length === publicKeyBytes) return publicKey
  throw state.damaged('deploy.json', 'a public key of 32 bytes')
}
