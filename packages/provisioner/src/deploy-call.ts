// The provisioner's side of the relay's deploy door (docs/protocol.md §12): dials, holds the key that
// answers against the one of the claim, proves the deploy key, and asks.
import {
  type AgentKey,
  DeployFrameReader,
  type DeployFrame,
  type DeployReply,
  type DeployRequest,
  deployAlpn,
  deployExporterLabel,
  deployProof,
  encodeDeployFrame,
  exporterBytes,
  parseDeployReply,
  SallyportError,
} from '@sallyport/protocol'
import type { TLSSocket } from 'node:tls'
import { dialInstance } from './claim-socket.ts'
import { deployAnswerMs, dialTimeoutMs } from './limits.ts'

export interface DeployTarget {
  readonly address: string
  readonly port: number
  readonly deployKey: AgentKey
  /** The relay's key since the claim, base64url of the SPKI's DER. */
  readonly spki: string
  readonly signal: AbortSignal
}

export interface DeployAnswered {
  readonly reply: DeployReply
  readonly body: Buffer
}

export interface DeployCall extends Disposable {
  /** @throws {SallyportError} what the relay refuses with; SP_UNREACHABLE when it says nothing. */
  ask(request: DeployRequest, body?: Uint8Array): Promise<DeployAnswered>
}

/** @throws {SallyportError} SP_UNREACHABLE, SP_PIN_MISMATCH. */
export async function callRelay(target: DeployTarget): Promise<DeployCall> {
  const { address, port, signal } = target
  const where = `${address}:${port}`
  const options = { address, port, alpn: deployAlpn, timeoutMs: dialTimeoutMs, signal }
  const found = await dialInstance(options)
  if (found === undefined) {
    throw new SallyportError(
      'SP_UNREACHABLE',
      `no relay answers at the deploy door of ${where}; see provisioner status`,
    )
  }
  const { socket, spki } = found
  if (spki.toString('base64url') !== target.spki) {
    socket.destroy()
    throw new SallyportError(
      'SP_PIN_MISMATCH',
      `what answers at ${where} does not have the key of the relay that was claimed; nothing was sent to it`,
    )
  }
  const exporter = socket.exportKeyingMaterial(exporterBytes, deployExporterLabel, Buffer.alloc(0))
  socket.write(target.deployKey.sign(deployProof(exporter)))
  const answers = readAnswers(socket, where)
  return {
    async ask(request, body) {
      socket.write(encodeDeployFrame(request, body))
      const giveUp = (): void => void socket.destroy()
      signal.addEventListener('abort', giveUp)
      try {
        const answer: IteratorResult<DeployFrame, void> = await answers.next()
        signal.throwIfAborted()
        if (answer.done === true) throw silent(where)
        const { head, body: bytes } = answer.value
        return { reply: parseDeployReply(head), body: bytes }
      } finally {
        signal.removeEventListener('abort', giveUp)
      }
    },
    [Symbol.dispose]() {
      socket.destroy()
    },
  }
}

async function* readAnswers(socket: TLSSocket, where: string): AsyncGenerator<DeployFrame, void> {
  const reader = new DeployFrameReader()
  socket.setTimeout(deployAnswerMs, () => socket.destroy(silent(where)))
  const chunks: AsyncIterable<Buffer> = socket
  try {
    for await (const chunk of chunks) yield* reader.push(chunk)
  } catch {
    // Broken off: the same as an end without an answer.
  }
}

function silent(where: string): SallyportError {
  return new SallyportError(
    'SP_UNREACHABLE',
    `the relay at ${where} hung up without an answer; it may be restarting, or not know this deploy key`,
  )
}
