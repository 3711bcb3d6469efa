// The names by which the front door tells its callers apart (RFC 7301; docs/protocol.md §1).

/** Agents. */
export const agentAlpn = 'sallyport/1'

/** The provisioner's deploy door. */
export const deployAlpn = 'sallyport-deploy/1'

/** An authority's TLS-ALPN-01 challenge (RFC 8737 §6.2). */
export const acmeAlpn = 'acme-tls/1'
