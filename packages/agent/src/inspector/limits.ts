// Bounds of the inspector, with their arithmetic. Bytes unless the name says otherwise.

const KiB = 1024
const MiB = 1024 * KiB

/** Everything captured, fields and bookkeeping included: what ngrok's agent keeps by default. */
export const maxHeldBytes = 50 * MiB

/** Of one body, or one direction of a WebSocket. 1/50 of the whole: one upload cannot push out more
 * than the two newest per cent of what is there. Most API bodies and page assets are below it. */
export const maxBodyBytes = MiB

/** What an exchange without bodies costs: two dozen objects of some 40 bytes; rounded up. */
export const exchangeOverhead = KiB

/** Exchanges: 10 KiB each fill `maxHeldBytes`; a filter looks at all of them in some ms. */
export const maxExchanges = 5_000

/** Exchanges kept a second for longer than `captureBurst` lasts. Keeping one costs some 30 µs and
 * counting one 2, so that 500 take 1.5 % of a core; a load test would push everything out within seconds
 * anyway. */
export const capturesPerSecond = 500

/** Exchanges kept at once: a page of a development server loads some hundred modules. */
export const captureBurst = 2_000

/** Raw visits listed: 200 bytes each are 0.2 MiB. */
export const maxVisits = 1_000

/** What a compressed body may grow to for display: a bomb of 1 MiB would be 1 GiB. */
export const maxDecodedBytes = 4 * MiB

/** Content-Encoding layers taken off: one is usual, two exist, more are an attack. */
export const maxCodings = 2

/** Text of a body sent to the page: 20,000 lines; the rest can be saved as a file. */
export const maxTextChars = MiB

/** Characters that are laid out anew (JSON, XML): half a million tokens a second on a busy machine, and
 * streams wait meanwhile. Longer bodies are shown as they came. */
export const maxPrettyChars = 256 * KiB

/** Indents of what is laid out, two characters each: hostile depth must not multiply the text. */
export const maxIndent = 16

/** Fields of a form shown. */
export const maxFormFields = 500

/** Bytes shown as hexadecimal: 1,024 lines of 16. */
export const maxHexBytes = 16 * KiB

/** An image shown in the page. It is base64 in JSON, a third larger. */
export const maxImageBytes = maxBodyBytes

/** Parts of a multipart body shown: a form has some tens of fields. */
export const maxParts = 100

/** A body inside a curl command: shells and terminals take 128 KiB of one argument. */
export const maxCurlBodyBytes = 64 * KiB

/** Rows of the live list: a screen shows 40, a filter reaches the older ones. */
export const listedExchanges = 500

/** Changes are told together so often, in ms: what happens is seen well within a second. */
export const tellIntervalMs = 100

/** Pages that look on at once: tabs of one person. */
export const maxWatchers = 16

/** Waiting for a page that does not read: a snapshot of 500 rows is some 200 KiB. Above it the page is
 * dropped, and comes again. */
export const maxWatcherBacklog = 4 * MiB

/** What the page or a script may post: an edited body of `maxBodyBytes` as base64 in JSON, and fields. */
export const maxPostBytes = 2 * MiB

/** Fields of an edited request, as of any request (http/limits.ts). */
export const maxEditedFields = 200

/** A replay's answer may take so long, in ms: as long as a browser waits; it may be an endless stream. */
export const replayTimeoutMs = 120_000

/** Replays under way: more are a key that is held down. */
export const maxReplays = 16

/** Ports tried when the default one is taken: somebody with more agents names them. */
export const portTries = 20

/** A bucket of the plots, in ms, and how many there are: ten minutes. */
export const bucketMs = 5_000
export const buckets = 120

/** Durations a bucket keeps for its percentiles: p99 of 512 is the sixth largest. 120 × 512 × 8 bytes
 * are 0.5 MiB at most. */
export const samplesPerBucket = 512

/** Durations that percentiles of all time are taken from: the newest. */
export const recentDurations = 1_024
