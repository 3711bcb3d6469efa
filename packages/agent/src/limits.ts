// Numbers that only the agent has, with their arithmetic. What both ends must agree on is in
// packages/protocol/src/limits.ts. Times in milliseconds.

/**
 * First ceiling of the reconnect delay: a relay restarts in some 100 ms, and 500 agents spread over
 * 100 ms are 5 dials a millisecond at worst, under what one core handshakes in a second.
 */
export const firstBackoffMs = 100

/** Ceiling during the first minute: at a mean of 250 ms an agent is back well within 1 s. */
export const earlyBackoffMs = 500

/** How long an outage counts as a restart or a roaming laptop: a relay's machine boots in it. */
export const earlyOutageMs = 60_000

/** Ceiling afterwards: back within 15 s, and 1,000 waiting agents cost a relay 130 dials a second. */
export const lateBackoffMs = 15_000

/** A session that stood this long ends the outage: three heartbeats' worth of proof (10 s each). */
export const stableMs = 30_000

/** One dial: four round trips (TCP, TLS 1.3, upgrade, registration) at 500 ms each. */
export const earlyDialMs = 2_000

/** One dial later on, when the quick one has failed for a minute: SYN retransmissions at 1, 3, 7 s. */
export const lateDialMs = 10_000

/**
 * The other address of `localhost` is tried when the first has not answered within this time (or at
 * once when it refused). The kernel answers loopback SYNs within microseconds, whatever the
 * program does; dialling both at once would hand every dual-stack origin a second, dead connection.
 */
export const localhostHeadStartMs = 10

/** A unix socket with a full backlog fails at once (EAGAIN) where TCP would wait: asked again. */
export const busyOriginRetryMs = 100

/**
 * After saying `draining`, the agent waits so long (and two round trips) before it takes the absence
 * of visitors for the end: the relay opened streams until it read the message.
 */
export const drainQuietMs = 50

/**
 * From one health check of an origin to the next: a pool's dead member is out after at most this and
 * the timeout, when no visitor finds it first; one dial in 2 s costs an origin nothing.
 */
export const checkIntervalMs = 2_000

/** An origin that has not answered a check by then is dead: it would keep a visitor waiting, too. */
export const checkTimeoutMs = 2_000

/** `HTTP/1.1 200 ` and a reason phrase of some words. */
export const maxStatusLineBytes = 1_024

/** The head of an HTTP proxy's answer to CONNECT: a status and some fields; Node takes 16 KiB. */
export const maxProxyAnswerBytes = 16 * 1024

/** One hop of `agent why`: what the first dial may take (SYNs at 0, 1 and 3 s), and some. */
export const whyHopMs = 5_000

/** A visit of `agent why`: a cold dev server builds its first page in some seconds. */
export const whyVisitMs = 10_000

/** Of a raw route: how long `agent why` listens whether the origin speaks, or ends, at once. */
export const whyQuietMs = 1_000

/** Of an answer to `agent why`: enough to recognise a dev server's own page by its beginning. */
export const whyBodyBytes = 16 * 1024

/** Ports that are named when nothing listens at the target: as many as fit a line. */
export const shownListeners = 12
