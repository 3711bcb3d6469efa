// Mux bytes straight on a socket: what hashicorp/yamux speaks. For interop tests and benchmarks of
// the mux alone; programs use the WebSocket transport.
import type { Duplex } from 'node:stream'
import type { Transport } from './transport.ts'

/** A transport over any byte stream, without message borders. */
export function createSocketTransport(socket: Duplex): Transport {
  return {
    messageHeaderBytes: 0,
    start(handler) {
      let failure = ''
      socket.on('data', (chunk: Buffer) => handler.onBytes(chunk, 0, chunk.length))
      socket.on('end', () => socket.destroy())
      socket.on('error', (error) => {
        failure = error.message
      })
      socket.once('close', () => handler.onEnd({ code: undefined, reason: failure }))
    },
    sealMessage: (_slab, _start, end) => end,
    send(sealed, taken) {
      socket.write(sealed, taken)
    },
    close() {
      socket.end(() => socket.destroy())
    },
    destroy() {
      socket.destroy()
    },
  }
}
