// The one place that relies on something undocumented. Node reads a socket that dials into a buffer of
// the caller's (`onread`), but neither an accepted one nor TLS over a given socket; what it keeps for
// that in four fields of every socket is set here. Where a Node has no such fields, reading stays with
// 'data'. static-read.test.ts notices when Node changes.
import { Socket } from 'node:net'

const fields = symbolsOf(new Socket())
const buffer = fields.get('kBuffer')
const callback = fields.get('kBufferCb')
const nextBuffer = fields.get('kBufferGen')

interface Innards {
  [field: symbol]: unknown
  _handle?: { useUserBuffer?(buffer: Uint8Array): void } | null
}

/**
 * From here on the socket's bytes come as `read(n, into)`, which finds n bytes at the start of `into` and is
 * done with them when it returns; false pauses the socket. It emits no 'data' of its own then. TLS may
 * call it once more for each record that was read before the pause. `next`, if given, is asked after each
 * read where the one after it goes.
 * @returns false when this Node cannot do it; nothing has changed then.
 */
export function readInto(
  socket: Socket,
  into: Buffer,
  read: (bytes: number, into: Buffer) => boolean,
  next?: () => Buffer,
): boolean {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every net.Socket has them; a change shows in the test
  const innards = socket as unknown as Innards
  const handle = innards._handle
  if (buffer === undefined || callback === undefined || !handle?.useUserBuffer) return false
  if (next !== undefined) {
    if (nextBuffer === undefined) return false
    innards[nextBuffer] = next
  }
  handle.useUserBuffer(into)
  innards[buffer] = into
  innards[callback] = read
  return true
}

function symbolsOf(socket: Socket): Map<string | undefined, symbol> {
  return new Map(Object.getOwnPropertySymbols(socket).map((one) => [one.description, one]))
}
