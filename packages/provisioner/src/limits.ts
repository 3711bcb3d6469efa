// Numbers that only the provisioner has, each with its reason. Times in milliseconds or seconds as named.

/** EC2 takes 16 KB of user-data, counted before base64 (EC2 user guide, "User data"). */
export const maxUserDataBytes = 16_384

/** Pause between two looks at AWS while we wait. Shorter only spends the account's request quota. */
export const defaultPollSeconds = 2
export const minPollSeconds = 0.01
export const maxPollSeconds = 60

/** EC2's view of a fresh resource lags by seconds; its guide asks clients to allow for it. */
export const settlePolls = 8

/** A nano instance is running within about 20 s and terminated within about 60 s; times ten. */
export const instanceWaitSeconds = 600

/** Route 53 says that changes generally reach all its servers within 60 s; times five. */
export const dnsWaitSeconds = 300

/** A security group stays in use until the network interface is gone: seconds after "terminated". */
export const groupDeleteWaitSeconds = 120

/** Tries of one AWS request, the SDK's own back-off between them. */
export const awsAttempts = 5

/** TTL of our DNS records: a new address after `down` and `up` is known within a minute. */
export const recordTtlSeconds = 60

/** Most public TCP ports that one stack opens: a security group has 60 rules by default, each port
 * takes two (IPv4, IPv6), and 443, 80 and ICMP take ten. A range counts as one. */
export const maxPortRanges = 25

/** From "running" to a claim: boot and cloud-init take 30 to 90 s, Node's 50 MB a few more. The
 * instance ends itself after 15 minutes; we give up before, so that the message still has a console. */
export const defaultClaimSeconds = 600
export const maxClaimSeconds = 840

/** Shorter than this, a machine would end while it is still being claimed (15 minutes). */
export const minTtlSeconds = 1_800

/** One dial of a port that may not listen yet. */
export const dialTimeoutMs = 5_000

/** The relay's answer at the deploy door: a bundle of 16 MiB at 3 Mbit/s is there by then. */
export const deployAnswerMs = 60_000

/** Log lines that `logs` shows without --lines: two screens. */
export const defaultLogLines = 100

/** A relay that starts again drains for 30 s at most; twice that, and a start on a slow machine. */
export const restartWaitSeconds = 90

/** What answers a challenge is gone in a minute: it need not be remembered. */
export const challengeTtlSeconds = 60

/** Certificates that the relay is to trust, as PEM: a system's whole bundle has 200 KiB, and a head at the
 * deploy door takes 1 MiB. */
export const maxAuthoritiesChars = 512 * 1024

/** From the order to the certificate: Route 53 spreads records in a minute, authorities look for some. */
export const certifySeconds = 600
