// Every number that bounds something on the wire or between the two ends, with its arithmetic.
// Bytes unless the name says otherwise; times in milliseconds.

const KiB = 1024
const MiB = 1024 * KiB

/** One TLS record's payload (RFC 8446 §5.1: 2^14). A WebSocket message of ours fits into one. */
export const maxRecordBytes = 16_384

/**
 * Largest WebSocket message that we take: four records. Ours are one; a peer of another make may
 * send hashicorp/yamux's habit of one header or body each, cut to this size.
 */
export const maxMessageBytes = 64 * KiB

/** WebSocket fragments per message: we send one, a proxy between may split; ws's default is 16,384. */
export const maxMessageFragments = 4

/** The yamux specification's initial stream window ("Flow Control"). */
export const initialWindowBytes = 256 * KiB

/**
 * Most that one stream's window grows to: 100 ms x 1.25 Gbit/s = 15.6 MiB, the path that a single
 * TCP connection with the usual 4–32 MiB kernel buffers can fill at all.
 */
export const maxWindowBytes = 16 * MiB

/** Bytes held for one agent over all its streams (docs/protocol.md §4): four full windows. */
export const agentBudgetBytes = 64 * MiB

/**
 * Streams open at once in one session. 10,000 idle visitors are a budget of ours (12 KiB each, so
 * 117 MiB an end); one more power of two lets a burst through.
 */
export const maxStreams = 16_384

/** First bytes of a stream: a PROXY v2 header. 16 + 36 address bytes + TLVs (SNI 255, route 255,
 * ALPN 255, TLS 5 + strings): 1 KiB covers the largest of ours, 4 KiB is refused beyond. */
export const maxProxyHeaderBytes = 4 * KiB

/** One control message: 64 routes of 300 characters, doubled. */
export const maxControlMessageBytes = 64 * KiB

/** A ClientHello with every extension that browsers send is under 2 KiB, a post-quantum one near
 * 2 KiB, one with many session tickets under 8 KiB; one TLS record at most (RFC 8446 §4.1.2). */
export const maxClientHelloBytes = 16 * KiB

/** The records that carry it: 5 bytes of header each, so the largest hello in records of 5 bytes, or
 * one of 5 KiB in records of one byte. With the hello joined from them, under 64 KiB a caller. */
export const maxClientHelloRecordBytes = 2 * maxClientHelloBytes

/** Bytes kept of a parked visitor: one record, so that FIN and RST are noticed. */
export const maxParkedBytes = 16 * KiB

/** Heartbeat: a ping after 5 s of silence, dead after 5 s more: found within 10 s (docs/protocol.md §10). */
export const heartbeatIntervalMs = 5_000
export const heartbeatTimeoutMs = 5_000

/** From accept to routed or authenticated (docs/protocol.md §10). */
export const admissionTimeoutMs = 10_000

/** One try to dial an origin: a loopback answers in microseconds, a LAN host within a SYN's
 * retransmissions at 1 s and 3 s (RFC 6298 §2.1), 5 s allows both. */
export const originDialTimeoutMs = 5_000

/** Half-closed and silent (docs/protocol.md §10): long polls stay below an hour. */
export const halfClosedIdleMs = 3_600_000

/** TCP keepalive on every socket to visitors and to origins on other machines: under the 350 s after
 * which EC2 security groups forget an idle flow. */
export const tcpKeepAliveMs = 60_000

/** Streams running at a drain get this long to end (docs/protocol.md §10). */
export const drainGraceMs = 30_000

/** How long a visitor waits until an origin has accepted (seconds, as users write it). */
export const defaultChannelTimeoutSeconds = 100
export const minChannelTimeoutSeconds = 1
export const maxChannelTimeoutSeconds = 1_000

/** Routes that one agent may register: a developer has a handful, a home server some dozens. */
export const maxRoutesPerAgent = 64

/** Sessions of one agent process (`--connections`). */
export const maxConnections = 8

/** A route's url: scheme 14, name 253, port 6, and some room. */
export const maxRouteUrlChars = 300

/** The agent's word for a route: it counts them, r0 to r63; others may use a UUID (36). */
export const maxRouteIdBytes = 64

/** The text of a notice: some lines of a terminal. */
export const maxNoticeChars = 1_000

/** The name and version of a program in its hello. */
export const maxSoftwareChars = 100

/**
 * Networks allowed, and as many denied, of one route: an office, its branches and its providers. With
 * 43 characters each 32 make 1.5 KiB, and a register of 40 such routes still fits a control message.
 */
export const maxNetworksPerRoute = 16

/** A head at the deploy door: the status of 1,000 agents with a session each, 500 characters apiece. */
export const maxDeployHeadBytes = 1024 * KiB

/** A body at the deploy door: the relay as one file is near 1 MiB; stage 0 takes as much. */
export const maxDeployBodyBytes = 16 * MiB

/** Names of one certificate: what Let's Encrypt takes at most. */
export const maxDeployNames = 100

/** Log lines that a relay remembers and the deploy door hands out: some screens of a terminal. */
export const maxDeployLogLines = 1_000
