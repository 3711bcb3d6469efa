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
/** How long a knock waits for an answer, where the channel timeout leaves it: a person looks up and types. */
export const knockTimeoutMs = 60_000

/** How long `hour` lets a visitor in, and `deny` keeps it out. */
export const knockHourMs = 3_600_000

/** Whom nobody answered may knock again after this: somebody may sit at the terminal by then. */
export const unansweredKnockMs = 60_000

/** Questions at once, and at most this many a minute later on: what a person can still read. */
export const knockBurst = 6
export const knockEveryMs = 10_000

/** Addresses that wait for an answer, in a queue before one person. */
export const maxKnocks = 8

/** Visits of one of them: a browser's six and some. All 64 with a first window of 256 KiB each are 16
 * MiB at worst, a quarter of the agent's budget. */
export const maxVisitsPerKnock = 8

/** Answers for an hour: at 6 a minute 360 are given in one. */
export const maxRememberedVisitors = 1_024

/** Visitors always let in: somebody said so each time. 128 x 400 bytes stay under a settings file's
 * 64 KiB. */
export const maxKnownVisitors = 128

/** An answer sooner than this after its question was meant for another one: nobody reads that fast. */
export const leastThinkingMs = 400

/** A line typed at a knock. */
export const maxAnswerChars = 256

/**
 * Of an answer, for recognising a development server: Rails has its word behind 8 KiB of style, the
 * others within the first.
 */
export const doctorBodyBytes = 16 * 1024

/** The inspector's usual port: ngrok's, where scripts and bookmarks look. */
export const inspectorPort = 4040

/** Random bytes of the inspector's token: 2^128 guesses. */
export const inspectorTokenBytes = 16

/** The least between two drawings of the status block: four a second are calm, and quick enough. */
export const redrawMs = 250

/** Requests and visits that the status block remembers, and shows where there is room. */
export const shownRequests = 8

/** Lines of routes in the status block; the others are counted. */
export const shownRoutes = 5

/** A terminal with less room than this gets plain lines. */
export const leastColumns = 40
export const leastRows = 10

/** Decrypted bytes of one visitor that the HTTP edge has not taken: four TLS records. */
export const maxTlsOwedBytes = 64 * 1024

/** From one look at a replay to the next: quick to a person, ten small requests a second at most. */
export const replayPollMs = 100

/** A burst of changes is over when nothing came for so long: a formatter follows a save within it. */
export const changeQuietMs = 150
