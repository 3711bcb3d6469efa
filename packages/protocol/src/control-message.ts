// The messages of the control stream (stream 1), docs/protocol.md §5: their forms, and the check of
// what arrives. Unknown fields are ignored, so that a later release may add some; an unknown type or
// a field of the wrong form is SP_PROTOCOL. The framing is control-message-reader.ts.
import { z } from 'zod'

import { badInput, type ErrorCode, errorTable, SallyportError } from './errors.ts'
import {
  maxChannelTimeoutSeconds,
  maxConnections,
  maxNetworksPerRoute,
  maxRouteIdBytes,
  maxRoutesPerAgent,
  maxRouteUrlChars,
  maxSoftwareChars,
  minChannelTimeoutSeconds,
} from './limits.ts'
import { oneLine } from './one-line.ts'
import { isNetwork } from './network.ts'
import { balances, poolNamePattern } from './pool-name.ts'
import { isRouteId } from './route-id.ts'

/** The version of everything inside the session: yamux, PROXY header, these messages. */
export const controlVersion = 1

/** What each field must be, for the error's last words. */
const rights: Readonly<Record<string, string>> = {
  type: 'a message type that this end takes',
  version: `${controlVersion}`,
  software: `a name of at most ${maxSoftwareChars} printable characters`,
  process: '16 bytes as 22 characters of base64url',
  connection: `a whole number from 0 to ${maxConnections - 1}`,
  held: `at most ${maxRoutesPerAgent} urls with their generations`,
  generation: 'a whole number from 0 to 2^53 - 1',
  channelTimeoutSeconds: `a whole number from ${minChannelTimeoutSeconds} to ${maxChannelTimeoutSeconds}`,
  routes: `1 to ${maxRoutesPerAgent} routes, each id once`,
  id: `1 to ${maxRouteIdBytes} of A-Z a-z 0-9 - _`,
  url: `a url of at most ${maxRouteUrlChars} visible characters`,
  pool: 'a pool name',
  balance: balances.join(' or '),
  route: `1 to ${maxRouteIdBytes} of A-Z a-z 0-9 - _`,
  alive: 'true or false',
  allow: `at most ${maxNetworksPerRoute} networks, as 192.0.2.0/24`,
  deny: `at most ${maxNetworksPerRoute} networks, as 192.0.2.0/24`,
  code: 'an error code',
  message: 'a text',
  fatal: 'true or false',
}

const generation = z.int().min(0)
const routeId = z.string().refine(isRouteId)
const routeUrl = z
  .string()
  .max(maxRouteUrlChars)
  .regex(/^[\x21-\x7e]+$/)
const routes = <T extends z.ZodType<{ id: string }>>(route: T) =>
  z
    .array(route)
    .min(1)
    .max(maxRoutesPerAgent)
    .refine((list) => new Set(list.map((item) => item.id)).size === list.length)

const hello = z.object({
  type: z.literal('hello'),
  version: z.literal(controlVersion),
  /** Name and version, for logs. */
  software: z
    .string()
    .max(maxSoftwareChars)
    .regex(/^[\x20-\x7e]+$/),
  /** 16 random bytes that name the agent's process, base64url. */
  process: z.string().regex(/^[\w-]{22}$/),
  /** Which of the process's sessions this is (`--connections`). */
  connection: z
    .int()
    .min(0)
    .max(maxConnections - 1),
  /** The last generation that this process held, by public url; empty in its first hello. */
  held: z
    .record(routeUrl, generation)
    .refine((held) => Object.keys(held).length <= maxRoutesPerAgent),
})

const networks = z.array(z.string().refine(isNetwork)).max(maxNetworksPerRoute)

const register = z.object({
  type: z.literal('register'),
  channelTimeoutSeconds: z.int().min(minChannelTimeoutSeconds).max(maxChannelTimeoutSeconds),
  routes: routes(
    z.object({
      id: routeId,
      url: routeUrl,
      pool: z.string().regex(poolNamePattern).optional(),
      /** Of the pool; of several words the newest holds. */
      balance: z.enum(balances).optional(),
      /** Who may visit, by address; of a pool, each member's own. */
      allow: networks.optional(),
      deny: networks.optional(),
    }),
  ),
})

const registered = z.object({
  type: z.literal('registered'),
  routes: routes(z.object({ id: routeId, url: routeUrl, generation })),
})

const notice = z.object({
  type: z.literal('notice'),
  /** A code of a later release counts as a lost session: try again. */
  code: z.string().transform((code): ErrorCode => (isErrorCode(code) ? code : 'SP_SESSION_LOST')),
  /** Made one line of printable text on both ends: it goes to a terminal. */
  message: z.string().transform((text) => oneLine(text)),
  /** The session is closed after it. */
  fatal: z.boolean(),
})

/** Whether the origin of a route answers, told on change. Until then it counts as alive. */
const health = z.object({ type: z.literal('health'), route: routeId, alive: z.boolean() })

const draining = z.object({ type: z.literal('draining') })

const fromAgent = z.discriminatedUnion('type', [hello, register, health, draining])
const fromRelay = z.discriminatedUnion('type', [registered, notice, draining])

const messageTypes = new Set(['hello', 'register', 'registered', 'health', 'notice', 'draining'])

export type HelloMessage = z.output<typeof hello>
export type RegisterMessage = z.output<typeof register>
export type RegisteredMessage = z.output<typeof registered>
export type NoticeMessage = z.output<typeof notice>
export type HealthMessage = z.output<typeof health>
export type DrainingMessage = z.output<typeof draining>
export type AgentMessage = z.output<typeof fromAgent>
export type RelayMessage = z.output<typeof fromRelay>
export type ControlMessage = AgentMessage | RelayMessage

/** Checks what an agent sent. Throws SP_PROTOCOL; SP_VERSION for the hello of another version. */
export function parseAgentMessage(value: unknown): AgentMessage {
  const { type, version } = isRecord(value) ? value : {}
  if (type === 'hello' && typeof version === 'number' && version !== controlVersion) {
    throw new SallyportError(
      'SP_VERSION',
      `the agent speaks version ${version} of the protocol, this relay version ${controlVersion}`,
    )
  }
  return check(fromAgent.safeParse(value), value, 'from the agent')
}

/** Checks what a relay sent. Throws SP_PROTOCOL. */
export function parseRelayMessage(value: unknown): RelayMessage {
  return check(fromRelay.safeParse(value), value, 'from the relay')
}

function check<T>(result: z.ZodSafeParseResult<T>, value: unknown, where: string): T {
  if (result.success) return result.data
  const path = result.error.issues[0]?.path ?? []
  const type = isRecord(value) ? value['type'] : undefined
  const field = path.findLast((key) => typeof key === 'string' && Object.hasOwn(rights, key))
  const shown = shownValue(valueAt(value, path))
  throw badInput('SP_PROTOCOL', {
    what: path.length === 0 ? 'control message' : `control message field ${z.core.toDotPath(path)}`,
    where: typeof type === 'string' && messageTypes.has(type) ? `${type} ${where}` : where,
    ...(shown === undefined ? {} : { value: shown }),
    right: typeof field === 'string' ? (rights[field] ?? '') : 'an object with a type',
  })
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (isRecord(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined),
    value,
  )
}

/** Not through JSON.stringify: what arrived may be nested deeper than the stack allows. */
function shownValue(value: unknown): string | undefined {
  if (value === undefined) return undefined
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'object' && value !== null) return 'an object'
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function isRecord(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === 'object' && value !== null
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorTable, code)
}
