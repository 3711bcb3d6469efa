// The numbers that bound the relay alone; what both ends must agree on is in @sallyport/protocol.
// Bytes unless the name says otherwise; times in milliseconds.

const day = 86_400_000

/** A file of the state directory. 1,000 agents x 300 bytes is 0.3 MiB; more is not ours. */
export const maxStateFileBytes = 1024 * 1024

/** Agents of one relay: a large team's. At 200 bytes each their file stays far below its limit. */
export const maxAgents = 1_000

/**
 * Visitors parked for one route. Each keeps at most 16 KiB and one read of 64 KiB, so 1,024 hold 80
 * MiB at worst; a browser that retries opens six, so this is 170 of them.
 */
export const maxParkedPerRoute = 1_024

/** Pieces of a waiting visitor that are shorter than this are joined. */
export const joinedPieceBytes = 4 * 1024

/** Visitors parked from one address over all routes: ten browsers behind one NAT. */
export const maxParkedPerAddress = 64

/** What a limit may be set to: more descriptors than this no Linux gives (fs.nr_open, 2^20). */
export const mostOfALimit = 1_048_576

/** Handshakes that the kernel keeps while the event loop is busy: its own usual limit (somaxconn). */
export const listenBacklog = 4_096

/** The head of an agent's upgrade request: ours has 400 bytes; proxies on the way add some headers. */
export const maxUpgradeBytes = 8 * 1024

/** The head of a request that the relay answers itself: what a parked visitor may have said. */
export const maxAnsweredHeadBytes = 64 * 1024

/** Control messages that the agent has not read: four of the longest (64 KiB). */
export const maxControlQueueBytes = 256 * 1024

/** From the close frames at the end of a drain until sockets are destroyed: many round trips. */
export const goodbyeMs = 1_000

/** sun_path of unix(7) is 108 bytes with its final zero. */
export const maxSocketPathBytes = 107

/** A line on the admin socket: a list of 1,000 agents with permissions of 200 characters each. */
export const maxAdminLineChars = 512 * 1024

/** Callers of the admin port at once: a scraper, a health check, a person, and their retries. */
export const maxAdminSockets = 16

/** Access log lines that the disk has not taken: 4,000 of 250 bytes. */
export const maxAccessLogBytes = 1024 * 1024

/** A caller of the deploy door who says nothing: 16 MiB at 3 Mbit/s arrive in less. */
export const deployIdleMs = 60_000

/** Proven callers of the deploy door: a person, a script, and one each that was lost without a word. */
export const maxDeploySockets = 4

/** Between two beats of the heartbeat files: the timer that looks at them comes once a minute. */
export const heartbeatFileMs = 15_000

/** A new bundle's time to be found good by the provisioner: a drain (30 s), a start, and some dials. */
export const confirmBundleMs = 120_000

/** Bytes of log lines that are remembered: 1,000 of 250. */
export const maxLogRingChars = 256 * 1024

/** A question on the admin socket and its answer: two small writes and a file that is synced. */
export const adminTimeoutMs = 10_000

/**
 * Bytes held for the visitors of all agents: half of the smallest machine that a relay is put on, an
 * EC2 nano with 512 MiB.
 */
export const processBudgetBytes = 256 * 1024 * 1024

/** Sockets of one address: an office of 170 browsers with six each behind one NAT. */
export const maxPerAddress = 1_024

/** New sockets of one address in a second, 512 at once: at 0.7 ms a handshake a fifth of one core. */
export const newPerSecondOfAddress = 256

/** Agents of one address in their handshake: eight sessions of two agents. */
export const maxUnprovenPerAddress = 16

/** Callers before they are routed: each is a socket and at most 16 KiB of hello, 64 MiB in all. */
export const maxUndecided = 4_096

/** Addresses that are remembered: 100 bytes each, 6 MiB. */
export const maxKnownAddresses = 65_536

/** Shares of the descriptors: of 1,024 a quarter for callers who have not said who they are… */
export const undecidedDescriptorShare = 1 / 4

/** …and an eighth for agents, 120 of them; the rest, some 580, is the visitors'. */
export const agentDescriptorShare = 1 / 8

/** Files that the relay opens while it serves: its state, its admin socket's callers, the watches. */
export const ownDescriptors = 48

/** Where the limit cannot be read: what most systems give at least. */
export const usualDescriptorLimit = 1_024

/** Certificates of one chain: the longest that authorities issue have four. */
export const maxChainCertificates = 16

/** Pairs of certificate files: a team's domains. Each is a watch on a directory and 100 KiB of TLS. */
export const maxCertificateFiles = 64

/** Names whose certificate is remembered: 200 bytes each, 0.8 MiB. */
export const maxServerNames = 4_096

/** A key of session tickets is used so long. Visitors' own tickets live two hours at most. */
export const ticketKeyLifeMs = day / 2

/** The relay's own certificate for visitors is made anew when less of its 825 days is left. */
export const ownCertificateRenewalMs = 30 * day

/** How often certificates are looked through for those that expire. */
export const certificateLookMs = day / 24

/** What is left of a certificate in a file when its owner is told, and told again. */
export const expiryWarningsMs = [21 * day, 7 * day] as const

/** Names for which certificates are ordered: each has a keeper, a timer and 100 KiB of TLS. */
export const maxAcmeNames = 500

/** Let's Encrypt takes 300 orders of an account in three hours; half of it is left for others. */
export const maxOrdersPerHour = 50
