// Fields of a captured request that are not sent again: they belong to one connection, or are computed
// from the body.
const connectionFields: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** RFC 9110 §7.6.1: hop by hop; and what depends on the body. */
export function isRecomputed(name: string): boolean {
  return connectionFields.has(name.toLowerCase())
}
