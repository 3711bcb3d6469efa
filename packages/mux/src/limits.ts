// The numbers that bound the mux's own memory and turns; what both ends must agree on is in
// @sallyport/protocol's limits.
import { headerBytes, maxRecordBytes } from '@sallyport/protocol'

/** Messages of one slab; a full slab leaves in one write of four whole TLS records. */
const messagesPerSlab = 4

/** One write to the transport: 64 KiB, the size libuv reads with on the other side. */
export const slabBytes = messagesPerSlab * maxRecordBytes

/** Room of a WebSocket header with a masking key: 2 + 2 + 4. */
const maxMessageHeaderBytes = 8

/**
 * The static read buffer of plain sockets: a full read, cut into frames, fills exactly one slab,
 * so that no second, tiny TLS record follows it. 4 x (16384 - 8 - 12) = 65,456.
 */
export const readBufferBytes =
  messagesPerSlab * (maxRecordBytes - maxMessageHeaderBytes - headerBytes)

/** In front of bytes that are read into a slab of their own: a message's header and a frame's, 8 + 12. */
export const slabHeadBytes = maxMessageHeaderBytes + headerBytes

/**
 * A slab with less room than this is full. A whole read leaves nothing of it on the agent, whose messages
 * are masked, and on the relay 4 x 4 bytes.
 */
export const fullSlabSlackBytes = 64

/**
 * Most that one write to a stream may bring: what libuv reads at most, so also a 'data' event of a
 * plain socket that is not read into the static buffer.
 */
export const maxWriteBytes = 64 * 1024

/**
 * Bytes handed to the transport and not yet taken by the kernel, from which on streams wait their
 * turn: half a slab. 256 KiB instead made a small request beside bulk three times slower, and 32
 * KiB cost no bulk (docs/adr/0006).
 */
export const queuedBytesLimit = 32 * 1024

/**
 * Control frames and SYNs are never held back, so a peer that reads nothing could make them pile
 * up. 16,384 streams x (SYN with a 150-byte header + 5 control frames of 12) = 3.3 MiB.
 */
export const queuedControlLimit = 4 * 1024 * 1024

/** Slabs that one transport may have at once, however little is in them: 16 x 64 KiB = 1 MiB. */
export const slabsInFlightLimit = 16

/**
 * Ids that the peer jumped over and may still use. hashicorp/yamux has at most as many SYNs under way
 * as its accept backlog, 256 by default.
 */
export const skippedIdsLimit = 1_024

/**
 * Buffers of one size kept for reuse, for slabs and held chunks of all sessions of the process: 64 x
 * 64 KiB = 4 MiB, what sixteen busy sessions use in four turns; 8 MiB with the smaller sizes.
 */
export const pooledBuffers = 64

/** Over the budget of held bytes, a stream whose sink took nothing for this long may be reset. */
export const stalledSinkMs = 10_000

/**
 * So many times over the budget nobody is waited for: 64 MiB come in half a second at 1 Gbit/s, and
 * 10 s of it would be 1.2 GB.
 */
export const urgentFactor = 2

/** The search for such streams walks over all of them, so at most once a second. */
export const reliefIntervalMs = 1_000

/**
 * A piece shorter than this, waiting for a slow sink, is put together with others: an object for each
 * would cost more than its bytes.
 */
export const viewBytesMin = 4 * 1024

/**
 * What a Duplex over a stream lets Node's own queue hold, where each byte may be an object of 100: 100
 * KiB at worst. The rest waits in ours.
 */
export const duplexReadableBytes = 1024

/** A write up to this size by another stream than the bulk's is a request that must not wait. */
export const smallWriteBytes = 4 * 1024

/**
 * Small writes go past the line up to this much between two rounds of it, so that many of them
 * cannot starve bulk: one slab of theirs for each of bulk's.
 */
export const bypassBytes = slabBytes

/** How long one small write holds bulk to the path: ten requests a second keep it so. */
export const contentionMs = 100

/**
 * A ping asks for arrival after this much data: after each full read. 80 bytes more would make it every
 * second one, and let 128 KiB at a time go uncounted.
 */
export const markerBytes = readBufferBytes

/**
 * The least that bulk may have under way: two reads and a half. With 256 KiB a request beside it took
 * 0.55 ms at p50, with 160 KiB 0.44, and the bulk went 5 to 10 % slower meanwhile; 128 KiB gave no more
 * (docs/adr/0006).
 */
export const underwayBytesMin = 160 * 1024

/**
 * So often bulk beside requests lets the path's queue run empty for one interval, to see the path's own
 * round trip: less than a hundredth of the time on paths up to 100 ms.
 */
export const probeIntervalMs = 10_000

/**
 * An ACK, and the FIN that is a stream's second, wait this long for company. The origin's first bytes
 * mostly come within it, or another visitor's, and then one TLS record less crosses for each visitor;
 * what hangs on them, the channel timeout and the end of a socket, counts seconds.
 */
export const lazyFrameMs = 2

/** A write of so much fills a packet (1,500 bytes less headers) nearly, and would win nothing by waiting. */
export const packetBytes = 1_200

/**
 * Small writes wait for company until they are a 64th of a round trip apart: 1.6 ms on a path of 100 ms,
 * where a visitor waits 100 for the word that TCP may send another packet. A burst then leaves in three
 * packets and one for each 1.6 ms that it lasts.
 */
export const spacingsPerRoundTrip = 64

/** First writes that do not wait: of the visitor who left a FIN, of the one who came an ACK and the answer. */
export const freeWrites = 3

/** Timers know no less; on paths below 64 ms nothing waits. */
export const spacingMsMin = 1

/** One write to a socket: four messages, still in the processor's cache, and one wake-up of the reader. */
export const sinkWriteBytes = slabBytes

/**
 * Sessions are read into this, a TLS record at a time (RFC 8446 §5.1: at most 2^14 bytes), which is how
 * Node hands them out.
 */
export const recordBufferBytes = maxRecordBytes

/**
 * What one peer may give a process to do in a turn of its event loop: 256 KiB take about half a
 * millisecond, which is what a request of another peer then waits at most.
 */
export const receiveTurnBytes = 256 * 1024
