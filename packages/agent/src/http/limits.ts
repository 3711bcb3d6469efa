// Bounds of the HTTP edge, with their arithmetic. Bytes unless the name says otherwise.

const KiB = 1024

/**
 * A whole head. Node's own server takes 16 KiB, nginx 4 x 8 KiB; sign-on cookies reach some 20 KiB
 * on development hosts (all ports of `localhost` share one jar). Twice nginx's; the origin's own
 * limit still applies.
 */
export const maxHeadBytes = 64 * KiB

/** One line of a head: nginx and Apache stop at 8 KiB; long OAuth redirects reach 16. */
export const maxHeadLineBytes = 32 * KiB

/** Fields in a head: browsers send about 25, a chain of proxies adds about 20; Apache takes 100. */
export const maxHeadFields = 200

/** A method: the longest registered one (UPDATEREDIRECTREF) has 17. */
export const maxMethodBytes = 32

/** Trailer fields: gRPC sends 3, Server-Timing and digests a handful. */
export const maxTrailerFields = 32

/** A chunk size: 2^52 has 13 hexadecimal digits; above it JavaScript numbers lose bytes. */
export const maxChunkSizeDigits = 13

/** The extension of one chunk, which is dropped. None in use is longer than a signature (aws-chunked
 * has 85); without a bound one byte of body could cost megabytes (CVE-2023-39326). */
export const maxChunkExtensionBytes = 256

/** Interim (1xx) responses to one request: 100, and 103 a handful of times. */
export const maxInterimResponses = 32

/** Empty lines before a request line (RFC 9112 §2.2 asks for at least one). */
export const maxLeadingEmptyLines = 4

/** From the first byte of a head to its last, in ms: Node's server gives 60 s. */
export const headTimeoutMs = 60_000

/** A visitor without a request is let go after so long a silence, in ms: nginx's keepalive_timeout.
 * Browsers notice, and connect anew for the next request. */
export const idleVisitorMs = 75_000

/** When a drain begins, the first request of a visitor that just came may be on its way: so long is
 * waited for it, in ms. A TLS handshake and a request over a path of 500 ms, twice. */
export const firstRequestMs = 2_000

/** A visitor that still sends after its last answer: read and dropped so long (nginx's
 * lingering_time) and so far (2 Mbit/s for that long, or a whole upload of a phone's photo album). */
export const lingerMs = 30_000
export const lingerBytes = 64 * 1024 * KiB

/** Up to this many bytes a piece is copied behind others into one write; above, written by itself.
 * A copy of 16 KiB takes about 1 µs, a write into the kernel or a frame of the mux some 5 µs. */
export const joinedPieceBytes = 16 * KiB

/** A piece that waits and is shorter than this is copied: it may be a view of a read of 64 KiB. */
export const heldViewBytes = 4 * KiB

/** Room of a write batch: a head as large as may be, with what is added to it, and one read. */
export const batchBytes = 2 * maxHeadBytes + 64 * KiB

/** Streams that an HTTP/2 visitor may have open, as Envoy's edge and nginx's 128; each may hold an
 * origin connection. */
export const maxHttp2Streams = 100

/** What an HTTP/2 visitor may send ahead on one stream, and in all: Envoy's edge has 64 KiB and 1 MiB;
 * an upload at 50 ms reaches 5 MB/s with 256 KiB. */
export const http2StreamWindowBytes = 256 * KiB
export const http2SessionWindowBytes = 1024 * KiB

/** Idle origin connections that an HTTP/2 visitor keeps per target: what a browser opens to a host
 * over HTTP/1. */
export const idleOrigins = 6
