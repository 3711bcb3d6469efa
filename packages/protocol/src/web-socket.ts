// The WebSocket that carries a session (RFC 6455; docs/protocol.md §2).

/** The subprotocol of the upgrade request; the relay takes no other. */
export const webSocketSubprotocol = 'sallyport.v1'
