// A TLS 1.3 connection to an instance, with the key that it showed. The key is judged by who asks:
// a fresh instance's is unknown, a standing relay's must be the recorded one.
import { connect, type TLSSocket } from 'node:tls'

export interface InstanceSocket {
  readonly socket: TLSSocket
  /** DER of the SubjectPublicKeyInfo. */
  readonly spki: Buffer
}

export interface DialOptions {
  readonly address: string
  readonly port: number
  readonly alpn: string
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** Undefined while nothing there speaks TLS with that ALPN; rejects when aborted. */
export async function dialInstance(options: DialOptions): Promise<InstanceSocket | undefined> {
  options.signal.throwIfAborted()
  const socket = connect({
    host: options.address,
    port: options.port,
    minVersion: 'TLSv1.3',
    ALPNProtocols: [options.alpn],
    // No authority vouches for a fresh instance; the claim's proofs do.
    rejectUnauthorized: false,
  })
  const giveUp = (): void => void socket.destroy()
  options.signal.addEventListener('abort', giveUp)
  const isThere = await new Promise<boolean>((resolve) => {
    socket.once('error', () => resolve(false))
    socket.once('close', () => resolve(false))
    socket.setTimeout(options.timeoutMs, () => {
      resolve(false)
      socket.destroy()
    })
    socket.once('secureConnect', () => resolve(socket.alpnProtocol === options.alpn))
  })
  options.signal.removeEventListener('abort', giveUp)
  socket.on('error', () => socket.destroy())
  options.signal.throwIfAborted()
  const certificate = isThere && !socket.destroyed ? socket.getPeerX509Certificate() : undefined
  if (certificate === undefined) {
    socket.destroy()
    return undefined
  }
  const spki = certificate.publicKey.export({ type: 'spki', format: 'der' })
  return { socket, spki }
}

/** The next bytes of a socket, exactly so many; rejects when it ends or stays silent before. */
export function readExactly(socket: TLSSocket, bytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const gone = (): void => reject(new Error('the connection ended'))
    const take = (): void => {
      const chunk: unknown = socket.read(bytes)
      if (!(chunk instanceof Buffer) || chunk.length < bytes) return
      socket.off('readable', take).off('close', gone).off('end', gone)
      resolve(chunk)
    }
    socket.on('readable', take).on('close', gone).on('end', gone)
    take()
  })
}
