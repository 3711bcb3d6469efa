// What a session needs of the bytes below it. One implementation frames WebSocket messages
// (websocket-transport.ts), one is a bare socket (socket-transport.ts, for interop and tests).

/** How a transport ended. `code` is the WebSocket close code, where the peer sent one. */
export interface TransportEnd {
  readonly code: number | undefined
  readonly reason: string
}

export interface TransportHandler {
  /** `bytes[start, end)`, valid until this returns: the next read goes into the same memory. */
  onBytes(bytes: Buffer, start: number, end: number): void
  /** Exactly once; nothing follows. */
  onEnd(end: TransportEnd): void
}

export interface Transport {
  /** Bytes that {@link sealMessage} needs free in front of each message. */
  readonly messageHeaderBytes: number
  start(handler: TransportHandler): void
  /**
   * Writes the message header in front of the payload that ends at `end`; `start` is where the
   * header's room begins. May move the payload towards `start`.
   * @returns the new end.
   */
  sealMessage(slab: Buffer, start: number, end: number): number
  /** Sends sealed messages. `taken` is called once the bytes left this process, or with the transport
   * when they never will; the slab is the transport's until then. */
  send(sealed: Buffer, taken: () => void): void
  /** Says goodbye with a WebSocket close code and ends; the handler hears of the end. */
  close(code: number, reason: string): void
  /** Ends at once, without a goodbye. */
  destroy(): void
}
