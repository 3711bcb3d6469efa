// The public surface of @sallyport/mux: many streams over one transport.
export { type Clock, type Timer, systemClock } from './clock.ts'
export { engineFlags } from './engine-flags.ts'
export { readBufferBytes } from './limits.ts'
export { type Linked, LinkedSet } from './linked-set.ts'
export { MemoryBudget } from './memory-budget.ts'
export { Session, type SessionOptions } from './session.ts'
export {
  SocketEnd,
  type SocketHandlers,
  type SocketReader,
  adoptAccepted,
  adoptTls,
  dialSocket,
} from './socket-end.ts'
export { createSocketTransport } from './socket-transport.ts'
export { type SpliceOptions, type SpliceReport, splice } from './splice.ts'
export { streamAsDuplex } from './stream-duplex.ts'
export { MuxStream, type StreamReceiver } from './stream.ts'
export type { Transport, TransportEnd, TransportHandler } from './transport.ts'
export { type Masking, createWebSocketTransport, webSocketOptions } from './websocket-transport.ts'
