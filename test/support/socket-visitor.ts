// An accepted socket in the shape of a mux stream, so that the HTTP edge runs with no session between.
import type { Socket } from 'node:net'
import { type StreamReceiver, adoptAccepted } from '@sallyport/mux'
import { SallyportError } from '@sallyport/protocol'
import type { VisitorStream } from '../../packages/agent/src/http/index.ts'

/** `accepted` by a server with `pauseOnConnect` and `allowHalfOpen`. */
export function socketAsVisitor(accepted: Socket): VisitorStream {
  const end = adoptAccepted(accepted)
  const { socket } = end
  let receiver: StreamReceiver | undefined
  let owed = 0
  return {
    accept() {},
    receive(next) {
      receiver = next
      socket.on('drain', () => receiver?.onDrain?.())
      end.attach({
        onRead: (buffer, bytes) => {
          owed += bytes
          receiver?.onData?.(Buffer.from(buffer.subarray(0, bytes)))
          return owed < 256 * 1024
        },
        onSocketEnd: () => receiver?.onEnd?.(),
        onSocketClose: (error) => {
          if (!error) return
          receiver?.onReset(new SallyportError('SP_STREAM_RESET', 'reset', { cause: error }))
        },
      })
    },
    write: (chunk, start, stop) => socket.write(Buffer.from(chunk.subarray(start, stop))),
    end: () => void socket.end(),
    reset() {
      receiver = undefined
      end.abort()
    },
    consumed(bytes) {
      owed -= bytes
      if (owed < 256 * 1024) end.resume()
    },
  }
}
