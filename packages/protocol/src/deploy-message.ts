// What the provisioner asks a standing relay at its deploy door, and the answers (docs/protocol.md §12).
import { z } from 'zod'
import { errorTable, type ErrorCode, SallyportError } from './errors.ts'
import { maxDeployLogLines, maxDeployNames } from './limits.ts'
import { oneLine } from './one-line.ts'

/** 0 is the bundle of the claim. */
const version = z.int().min(1).max(0xffff_ffff)

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
  /** The text of relay.json. */
  z.strictObject({ do: z.literal('settings'), text: z.string() }),
  /** The relay makes a key; the answer's body is a request for it (PKCS #10, PEM). */
  z.strictObject({ do: z.literal('csr'), names: z.array(z.string()).min(1).max(maxDeployNames) }),
  /** The request's body is a chain in PEM, of the last csr's key, of the pinned one, or with its own. */
  z.strictObject({ do: z.literal('certificate') }),
  /** The relay drains and starts again. */
  z.strictObject({ do: z.literal('restart') }),
  /** The request's body is the bundle; the relay drains and starts it, on trial. */
  z.strictObject({ do: z.literal('upgrade'), version, signature: z.string().length(86) }),
  /** The bundle that runs is good. */
  z.strictObject({ do: z.literal('confirm'), version }),
])

export type DeployRequest = z.output<typeof requestSchema>

/** What comes from a relay goes to a terminal. */
const line = z.string().transform((text) => oneLine(text))
const agent = z.object({ name: line, key: line, allow: line })

const bundle = z.object({
  version: z.int().min(0),
  sha256: line,
  highest: z.int().min(0),
  isOnTrial: z.boolean(),
  failed: z.object({ version: z.int().min(0), why: line }).optional(),
})

const replySchema = z.discriminatedUnion('ok', [
  z.object({
    ok: z.literal(true),
    agents: z.array(agent).optional(),
    /** The relay's own status; the body has it for people. */
    status: z.record(z.string(), z.unknown()).optional(),
    /** How often the relay has started. */
    boot: z.int().min(0).optional(),
    /** What code runs; absent where no launcher started it. */
    bundle: bundle.optional(),
    /** Whether settings or certificate are other ones than before: they count from the next start. */
    isChanged: z.boolean().optional(),
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
