// What the provisioner asks a standing relay at its deploy door, and the answers (docs/protocol.md §12).
import { z } from 'zod'
import { errorTable, type ErrorCode, SallyportError } from './errors.ts'
import { maxDeployLogLines } from './limits.ts'
import { oneLine } from './one-line.ts'

const requestSchema = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('status') }),
  z.strictObject({ do: z.literal('agents-ls') }),
  z.strictObject({
    do: z.literal('agents-add'),
    name: z.string(),
    /** Base64url of 32 bytes. */
    publicKey: z.string().length(43),
    allow: z.string(),
  }),
  z.strictObject({ do: z.literal('agents-rm'), name: z.string() }),
  /** The answer's body holds the lines. */
  z.strictObject({ do: z.literal('logs'), lines: z.int().min(1).max(maxDeployLogLines) }),
])

export type DeployRequest = z.output<typeof requestSchema>

/** What comes from a relay goes to a terminal. */
const line = z.string().transform((text) => oneLine(text))
const agent = z.object({ name: line, key: line, allow: line })

const replySchema = z.discriminatedUnion('ok', [
  z.object({
    ok: z.literal(true),
    agents: z.array(agent).optional(),
    /** The relay's own status; the body has it for people. */
    status: z.record(z.string(), z.unknown()).optional(),
  }),
  z.object({ ok: z.literal(false), code: z.string(), message: line }),
])

/** What a relay answers when it did what was asked. */
export type DeployReply = Omit<Extract<z.output<typeof replySchema>, { ok: true }>, 'ok'>

/** @throws {SallyportError} SP_PROTOCOL. */
export function parseDeployRequest(head: unknown): DeployRequest {
  const parsed = requestSchema.safeParse(head)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const at = issue && issue.path.length > 0 ? ` (${z.core.toDotPath(issue.path)})` : ''
  throw new SallyportError('SP_PROTOCOL', `the relay does not know this request${at}`)
}

/** @throws {SallyportError} what the relay refused with; SP_PROTOCOL for what is no answer. */
export function parseDeployReply(head: unknown): DeployReply {
  const parsed = replySchema.safeParse(head)
  if (!parsed.success) {
    throw new SallyportError('SP_PROTOCOL', 'the relay gave an answer of another form')
  }
  const { data: reply } = parsed
  if (reply.ok) return reply
  throw new SallyportError(isErrorCode(reply.code) ? reply.code : 'SP_INTERNAL', reply.message)
}

function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorTable, text)
}
