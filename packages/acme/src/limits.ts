// The numbers that bound certificates and the talk with authorities. Times in milliseconds.

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** A machine whose clock is slow by less still takes a fresh certificate. */
export const certificateBackdateMs = 5 * minute

/** The longest that Apple's systems take for a TLS server, also from a private issuer. */
export const certificateValidityMs = 825 * day - certificateBackdateMs

/** ub-organization-name of RFC 5280, appendix A.1. */
export const maxOrganizationChars = 64

/** Bytes of an authority's answer: a chain of four certificates with RSA keys has 8 KiB. */
export const maxAnswerBytes = 256 * 1024

/** One question to an authority, from the dial to the last byte of the answer. */
export const answerTimeoutMs = 30_000

/**
 * A nonce that the authority no longer knows is no fault (RFC 8555 §6.5): asked again so often. Of an
 * authority that refuses every other nonce one question in 2^16 fails.
 */
export const maxNonceTries = 16

/** From the order to the certificate. Authorities validate in seconds, or not for hours. */
export const orderTimeoutMs = 5 * minute

/** Between two looks at an order where the authority does not say (Retry-After). */
export const pollMs = 1_000

/** The longest that an authority's word delays a look at an order. */
export const maxPollMs = 30_000

/** After the first failure; each further one doubles it… */
export const firstRetryMs = minute

/** …up to this: four tries in a day, far below what authorities allow for one name. */
export const maxRetryMs = 6 * hour

/** The longest that an authority's Retry-After holds us back: limits are counted by the week. */
export const maxRetryAfterMs = 7 * day

/** Renewal information is asked for again after this at the latest (RFC 9773 §4.3.2). */
export const maxLookMs = 6 * hour

/** …and no sooner than this, whatever the authority says. */
export const minLookMs = minute

/** Of what an authority says is wrong: its own are up to 200, with a URL in them. */
export const maxDetailChars = 300
