// The inspector that is meant: that of the one agent of this user that runs, or the one at --web-addr.
import { SallyportError, badInput } from '@sallyport/protocol'
import { InspectorApi } from './inspector-api.ts'
import type { InspectorNote } from './inspector-note.ts'

/** @throws {SallyportError} SP_USAGE when there is none, or when it is not clear which. */
export function findInspector(
  notes: readonly InspectorNote[],
  webAddr: string | undefined,
): InspectorApi {
  const meant =
    webAddr === undefined ? notes : notes.filter(({ url }) => url === `http://${webAddr}`)
  const [note, other] = meant
  const known = notes.map(({ url }) => url.slice('http://'.length)).join(', ')
  if (note && !other) return new InspectorApi(note)
  if (note) {
    const right = `which agent is meant: --web-addr with one of ${known}`
    throw badInput('SP_USAGE', { what: 'inspector', where: '--web-addr', right })
  }
  const hint = known === '' ? '' : `; there are ${known}`
  throw new SallyportError(
    'SP_USAGE',
    webAddr === undefined
      ? 'no agent of yours runs with an inspector: agent connect TARGET with an https url'
      : `no agent of yours has its inspector at ${webAddr}${hint}`,
  )
}
