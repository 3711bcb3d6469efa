// Where the provisioner steers a relay that it claimed (docs/protocol.md §12), past the front door's
// TLS: the deploy key's signature over this very connection, then one question after the other. Who
// cannot prove it is hung up on and learns nothing. What is asked is deploy-service.ts.
import type { TLSSocket } from 'node:tls'
import type { Clock } from '@sallyport/mux'
import {
  DeployFrameReader,
  type DeployReply,
  type DeployRequest,
  SallyportError,
  deployExporterLabel,
  deployProof,
  deployProofBytes,
  encodeDeployFrame,
  exporterBytes,
  isSallyportError,
  parseDeployRequest,
  verifySignature,
} from '@sallyport/protocol'
import type { Admission } from './admission.ts'
import { deployIdleMs, maxDeploySockets } from './limits.ts'

export interface DeployAnswer {
  readonly reply: DeployReply
  readonly body?: Buffer
  /** After the answer has left: what cannot be told any more once it is done. */
  readonly afterwards?: () => void
}

export interface DeployDoorOptions {
  readonly clock: Clock
  /** Ed25519, raw. */
  readonly publicKey: Buffer
  /** A SallyportError that it throws is told to the asker. */
  answer(request: DeployRequest, body: Buffer): Promise<DeployAnswer>
  /** Somebody could not prove who they are. */
  onRefused(from: string): void
}

export interface DeployDoor {
  /** Takes over a socket of the front door. */
  enter(socket: TLSSocket, admission: Admission): void
}

export function createDeployDoor(options: DeployDoorOptions): DeployDoor {
  const proven = new Set<TLSSocket>()

  return {
    enter(socket, admission) {
      const onData = (chunk: Buffer): void => {
        held = Buffer.concat([held, chunk])
        if (held.length < deployProofBytes) return
        socket.off('data', onData)
        const proof = held.subarray(0, deployProofBytes)
        if (!isProven(socket, proof, options.publicKey) || proven.size >= maxDeploySockets) {
          options.onRefused(socket.remoteAddress ?? '')
          socket.destroy()
          return
        }
        admission.done()
        proven.add(socket)
        socket.once('close', () => proven.delete(socket))
        serve(socket, held.subarray(deployProofBytes), options)
      }
      let held = Buffer.alloc(0)
      socket.on('data', onData)
      socket.once('end', () => socket.destroySoon())
    },
  }
}

function isProven(socket: TLSSocket, proof: Buffer, publicKey: Buffer): boolean {
  // A socket that was closed in the meantime has no exporter.
  if (socket.destroyed) return false
  const exporter = socket.exportKeyingMaterial(exporterBytes, deployExporterLabel, Buffer.alloc(0))
  return verifySignature(publicKey, deployProof(exporter), proof)
}

/** Questions in their order, each answered before the next is looked at. */
function serve(socket: TLSSocket, first: Buffer, options: DeployDoorOptions): void {
  const reader = new DeployFrameReader()
  const { clock } = options
  let timer = clock.setTimeout(() => socket.destroy(), deployIdleMs)
  const stillThere = (): void => {
    clock.clearTimeout(timer)
    timer = clock.setTimeout(() => socket.destroy(), deployIdleMs)
  }
  socket.once('close', () => clock.clearTimeout(timer))

  async function take(chunk: Buffer): Promise<void> {
    // Nothing more is read until what came is answered.
    socket.pause()
    stillThere()
    try {
      for (const { head, body } of reader.push(chunk)) {
        await answer(socket, head, body, options)
        stillThere()
      }
    } catch (error) {
      // Where the next question begins is not known any more.
      socket.write(refusal(error))
      socket.destroySoon()
      return
    }
    socket.resume()
  }
  socket.on('data', (chunk: Buffer) => void take(chunk))
  if (first.length > 0) void take(first)
}

async function answer(
  socket: TLSSocket,
  head: unknown,
  body: Buffer,
  options: DeployDoorOptions,
): Promise<void> {
  let bytes: Buffer
  let afterwards: (() => void) | undefined
  try {
    const request = parseDeployRequest(head)
    const given = await options.answer(request, body)
    bytes = encodeDeployFrame({ ok: true, ...given.reply }, given.body)
    afterwards = given.afterwards
  } catch (error) {
    bytes = refusal(error)
  }
  if (afterwards) socket.write(bytes, afterwards)
  else socket.write(bytes)
}

function refusal(error: unknown): Buffer {
  const { code, message } = isSallyportError(error)
    ? error
    : new SallyportError('SP_INTERNAL', 'the relay could not do it')
  return encodeDeployFrame({ ok: false, code, message })
}
