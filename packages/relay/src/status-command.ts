// `relay status`: what the running relay of a state directory says of itself.
import { SallyportError } from '@sallyport/protocol'
import { callRelay } from './admin-socket.ts'
import { adminSocketName } from './agents-command.ts'
import { type RelayStatus, formatStatus } from './relay-status.ts'
import type { StateDirectory } from './state-directory.ts'

/**
 * The text for stdout.
 * @throws {SallyportError} SP_STATE when no relay runs with this directory.
 */
export async function readStatus(state: StateDirectory, json: boolean): Promise<string> {
  const path = state.file(adminSocketName)
  const status: RelayStatus | undefined = (await callRelay(path, { do: 'status' }))?.status
  if (!status) throw new SallyportError('SP_STATE', `no relay runs with ${state.path}`)
  return json ? `${JSON.stringify({ v: 1, event: 'status', ...status })}\n` : formatStatus(status)
}
