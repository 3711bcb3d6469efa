// relay.json as a provisioner delivers it anew: checked like the file itself, written when it differs.
import { z } from 'zod'
import { fileSource, lookUp } from './settings.ts'
import type { StateDirectory } from './state-directory.ts'

/** What relay.json holds. */
export const relayFileSchema = z.strictObject({
  v: z.literal(1),
  host: z.string().optional(),
  listen: z.string().optional(),
  tcp_ports: z.string().optional(),
  acme_directory: z.string().optional(),
  acme_email: z.string().optional(),
  /** PEM itself: a provisioner has no file here to name. */
  acme_ca: z.string().optional(),
})

export type RelayJson = z.output<typeof relayFileSchema>

/**
 * True when the file is another one now: it counts from the next start.
 * @throws {SallyportError} SP_CONFIG, SP_STATE.
 */
export async function writeDeliveredSettings(
  state: StateDirectory,
  text: string,
): Promise<boolean> {
  const { v: _, acme_ca: __, ...values } = state.parse('relay.json', text, relayFileSchema)
  const source = fileSource(values, 'the delivered settings')
  for (const name of ['host', 'listen', 'tcpPorts', 'acmeDirectory', 'acmeEmail'] as const) {
    lookUp([source], name)
  }
  if ((await state.read('relay.json')) === text) return false
  await state.write('relay.json', text)
  return true
}
