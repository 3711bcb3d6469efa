// `HOST:PORT` in the one way that can be read back: an IPv6 address stands in brackets. Which hosts
// and ports are allowed is for the callers.

/** Cuts at the colon before the port: `[::1]:80` gives `::1` and `80`. Undefined when it is not so. */
export function splitHostPort(text: string): { host: string; port: string } | undefined {
  const bracketed = /^\[([^[\]]*:[^[\]]*)\]:([^:]*)$/.exec(text)
  const [, host, port] = bracketed ?? /^([^:[\]]*):([^:]*)$/.exec(text) ?? []
  return host === undefined || port === undefined ? undefined : { host, port }
}

/** The text that `splitHostPort` reads. */
export function formatHostPort(host: string, port: number): string {
  return `${formatHost(host)}:${port}`
}

/** The host as it stands in a URL. */
export function formatHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
