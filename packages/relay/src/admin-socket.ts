// How commands on the same machine steer a running relay: D/admin.sock, 0600, one line of JSON each
// way. Keys are made by the command: only a public key comes here.
import { chmodSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { type Server, type Socket, connect, createServer } from 'node:net'
import { type ErrorCode, SallyportError, errorTable, isSallyportError } from '@sallyport/protocol'
import { z } from 'zod'
import { createAgent } from './agent-keys.ts'
import { adminTimeoutMs, maxAdminLineChars, maxSocketPathBytes } from './limits.ts'
import type { Relay } from './relay-options.ts'
import { relayStatusSchema } from './relay-status.ts'
import { hasCode } from './system-error.ts'

const requestSchema = z.discriminatedUnion('do', [
  z.strictObject({
    do: z.literal('add'),
    name: z.string(),
    /** Base64url of 32 bytes. */
    publicKey: z.string().length(43),
    allow: z.string(),
  }),
  z.strictObject({ do: z.literal('list') }),
  z.strictObject({ do: z.literal('status') }),
  z.strictObject({ do: z.literal('remove'), name: z.string() }),
])

const replySchema = z.union([
  z.strictObject({
    ok: z.literal(true),
    /** Where agents dial, by what the relay was started with. */
    host: z.string(),
    port: z.number(),
    agents: z.array(z.strictObject({ name: z.string(), key: z.string(), allow: z.string() })),
    status: relayStatusSchema.optional(),
  }),
  z.strictObject({ ok: z.literal(false), code: z.string(), message: z.string() }),
])

export type AdminRequest = z.output<typeof requestSchema>
export type AdminReply = Extract<z.output<typeof replySchema>, { ok: true }>

/**
 * Listens on `path`.
 * @throws {SallyportError} SP_ADDRESS_TAKEN when another relay answers there, SP_STATE when the path
 * is too long for a socket or may not be bound.
 */
export async function startAdminSocket(path: string, relay: Relay): Promise<AsyncDisposable> {
  if (!fitsSocket(path)) {
    const why = `${path} has more than ${maxSocketPathBytes} bytes`
    const right = 'take a shorter --dir'
    throw new SallyportError(
      'SP_STATE',
      `the path of the admin socket is too long: ${why}; ${right}`,
    )
  }
  if (await callRelay(path, { do: 'list' })) {
    throw new SallyportError('SP_ADDRESS_TAKEN', `another relay runs with this directory: ${path}`)
  }
  // Nobody answers: what lies there was left by a relay that was killed.
  await rm(path, { force: true })
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
    socket.setTimeout(adminTimeoutMs, () => socket.destroy())
    void answer(socket, relay)
  })
  await bind(server, path)
  return {
    async [Symbol.asyncDispose]() {
      const { promise, resolve } = Promise.withResolvers<void>()
      server.close(() => resolve())
      for (const socket of sockets) socket.destroy()
      await promise
    },
  }
}

/**
 * Asks the relay that listens on `path`.
 * @returns undefined when none does.
 * @throws {SallyportError} what the relay refuses with; SP_STATE when it gives no sensible answer.
 */
export async function callRelay(
  path: string,
  request: AdminRequest,
): Promise<AdminReply | undefined> {
  // No relay can have started there.
  if (!fitsSocket(path)) return undefined
  const socket = connect({ path })
  socket.setTimeout(adminTimeoutMs, () => socket.destroy(new Error('no answer in time')))
  try {
    socket.write(`${JSON.stringify(request)}\n`)
    const reply = replySchema.parse(JSON.parse(await readLine(socket)))
    if (reply.ok) return reply
    throw new SallyportError(codeOf(reply.code), reply.message)
  } catch (error) {
    if (error instanceof SallyportError) throw error
    if (['ENOENT', 'ECONNREFUSED'].some((code) => hasCode(error, code))) return undefined
    const why = error instanceof Error ? error.message : String(error)
    throw new SallyportError('SP_STATE', `the relay at ${path} cannot be asked: ${why}`, {
      cause: error,
    })
  } finally {
    socket.destroy()
  }
}

function fitsSocket(path: string): boolean {
  return Buffer.byteLength(path) <= maxSocketPathBytes
}

async function bind(server: Server, path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen({ path }, resolve)
  try {
    // The socket is there as soon as listen() has returned; nobody is let in before this line.
    if (server.listening) chmodSync(path, 0o600)
    await promise
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new SallyportError('SP_STATE', `cannot listen on ${path}: ${why}`, { cause })
  } finally {
    server.off('error', reject)
  }
}

async function answer(socket: Socket, relay: Relay): Promise<void> {
  let reply: z.output<typeof replySchema>
  try {
    const request = requestSchema.parse(JSON.parse(await readLine(socket)))
    await obey(request, relay)
    const agents = relay.listAgents().map(({ name, keyId, allow }) => ({ name, key: keyId, allow }))
    reply = {
      ok: true,
      host: relay.host,
      port: relay.listen.port,
      agents,
      ...(request.do === 'status' ? { status: relay.status() } : {}),
    }
  } catch (error) {
    const { code, message } = isSallyportError(error)
      ? error
      : new SallyportError('SP_STATE', 'the request is not one that this relay knows')
    reply = { ok: false, code, message }
  }
  socket.write(`${JSON.stringify(reply)}\n`)
  socket.destroySoon()
}

async function obey(request: AdminRequest, relay: Relay): Promise<void> {
  switch (request.do) {
    case 'add': {
      const publicKey = Buffer.from(request.publicKey, 'base64url')
      await relay.addAgent(createAgent(request.name, publicKey, request.allow))
      return
    }
    case 'remove':
      await relay.removeAgent(request.name)
      return
    case 'list':
    case 'status':
      return
  }
}

/** The first line; rejects when the other end sends none, or too long a one. */
function readLine(socket: Socket): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  let text = ''
  socket.setEncoding('utf8')
  socket.on('data', (chunk: string) => {
    text += chunk
    const end = text.indexOf('\n')
    if (end >= 0) resolve(text.slice(0, end))
    else if (text.length > maxAdminLineChars) reject(new Error('the line is too long'))
  })
  socket.once('error', reject)
  socket.once('close', () => reject(new Error('it said nothing')))
  return promise
}

function codeOf(text: string): ErrorCode {
  return isErrorCode(text) ? text : 'SP_INTERNAL'
}

function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorTable, text)
}
