// What programs do with streams while a hostile peer talks to them: read, stall, echo, end, reset at
// every occasion. Each keeps the contract of MuxStream: what breaks is the session's fault.
import type { MuxStream, Session, StreamReceiver } from '@sallyport/mux'
import type { Random } from './hostile-frames.ts'

const bulk = Buffer.alloc(65_456, 'bulk ')

/** Takes a stream in one of many ways. */
export function takeCarelessly(stream: MuxStream, random: Random): void {
  const way = random.below(11)
  if (way === 0) return stream.reset()
  if (way === 1) return stream.receive({ onReset: () => {} })
  stream.receive(receiverFor(stream, way))
  if (way === 2) stream.end()
  else if (way === 3) stream.accept()
  else if (way === 4) pour(stream, 5)
}

/** Opens a stream and deals with it in one of many ways. */
export function openCarelessly(session: Session, random: Random): void {
  const way = random.below(11)
  const taken: { receiver?: StreamReceiver } = {}
  const stream = session.open(Buffer.alloc(random.below(200)), {
    onData: (chunk) => taken.receiver?.onData?.(chunk),
    onEnd: () => taken.receiver?.onEnd?.(),
    onDrain: () => taken.receiver?.onDrain?.(),
    onReset: () => {},
  })
  taken.receiver = receiverFor(stream, way)
}

/** Writes until it is told to stop, or so many times. */
function pour(stream: MuxStream, times: number): void {
  for (let time = 0; time < times && stream.write(bulk); time++);
}

function receiverFor(stream: MuxStream, way: number): StreamReceiver {
  let mayWrite = way !== 4
  return {
    onData: (chunk) => {
      switch (way) {
        case 5:
          // Never taken.
          return
        case 6:
          stream.consumed(chunk.length)
          return stream.reset()
        case 7:
          stream.consumed(1)
          stream.putBack(chunk.subarray(1))
          return stream.receive({
            onData: (rest) => stream.consumed(rest.length),
            onReset: () => {},
          })
        case 8:
          stream.consumed(chunk.length)
          if (mayWrite) mayWrite = stream.write(chunk)
          return
        default:
          stream.consumed(chunk.length)
      }
    },
    onEnd: () => {
      if (way !== 9) stream.end()
    },
    onDrain: () => {
      mayWrite = true
      if (way === 4) pour(stream, 2)
    },
    onReset: () => {},
  }
}
