// What goes wrong between agent and relay, told apart once: the only file that knows ECONNRESET,
// HTTP statuses and close codes. Whether to try again then stands in the table of errors.
import { type ErrorCode, SallyportError, errorCodeOfClose, errorTable } from '@sallyport/protocol'

/** What people need to hear of an error of the system's. */
const causes: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'it broke the connection off',
  EPIPE: 'it broke the connection off',
  ENOTFOUND: 'the name does not resolve',
  EAI_AGAIN: 'the name does not resolve at the moment',
  ETIMEDOUT: 'no answer',
  EHOSTUNREACH: 'no route to it',
  ENETUNREACH: 'no route to it',
  ENETDOWN: 'the network is down',
  // OpenSSL's reason strings as Node spells them: an alert for our ALPN, and an answer that is no TLS.
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: 'it takes no agents: not a relay',
  'ERR_SSL_SSL/TLS_ALERT_NO_APPLICATION_PROTOCOL': 'it takes no agents: not a relay',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS: not a relay',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS: not a relay',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'it does not speak TLS 1.3: not a relay',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'it does not speak TLS 1.3: not a relay',
}

/** Under `pin=webpki`: the certificate does not prove the name (X509_verify_cert_error_string). */
const certificateCodes: ReadonlySet<string> = new Set([
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REVOKED',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'HOSTNAME_MISMATCH',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

/** An error of the socket, of TLS or of `ws` before the session stood. */
export function dialFailure(relay: string, error: Error): SallyportError {
  const code = systemErrorCode(error)
  if (code !== undefined && certificateCodes.has(code)) {
    const message = `relay ${relay} has no valid certificate for its name (${code})`
    return new SallyportError('SP_PIN_MISMATCH', message, { cause: error })
  }
  const message = `relay ${relay}: ${causeOf(error)}`
  return new SallyportError('SP_UNREACHABLE', message, { cause: error })
}

/** ECONNREFUSED and the like; undefined for an error that has none. */
export function systemErrorCode(error: unknown): string | undefined {
  const isCoded = error instanceof Error && 'code' in error && typeof error.code === 'string'
  return isCoded ? String(error.code) : undefined
}

/** An error of a socket in words, with its code. */
export function causeOf(error: Error): string {
  const code = systemErrorCode(error)
  return code === undefined ? error.message : `${causes[code] ?? error.message} (${code})`
}

/** An answer to the upgrade request that was not 101. */
export function upgradeRefusal(relay: string, status: number): SallyportError {
  switch (status) {
    case 401:
      return new SallyportError(
        'SP_KEY_REFUSED',
        `relay ${relay} does not know this agent's key: was it removed, or is the join string old?`,
      )
    case 403:
      return new SallyportError('SP_NOT_PERMITTED', `relay ${relay} forbids this agent to connect`)
    default:
      return new SallyportError(
        'SP_UNREACHABLE',
        `relay ${relay} answered HTTP ${status} instead of a session: not a relay?`,
      )
  }
}

/** What the relay may state as its reason and end the agent with; else it is only a lost session. */
const refusals: ReadonlySet<ErrorCode> = new Set([
  'SP_KEY_REFUSED',
  'SP_NOT_PERMITTED',
  'SP_ROUTE_HELD',
  'SP_PORT_TAKEN',
  'SP_REPLACED',
  'SP_VERSION',
])

/** The relay's own word for why it ended the session: a fatal notice. */
export function statedEnd(code: ErrorCode, message: string): SallyportError {
  if (refusals.has(code) || errorTable[code].retry) return new SallyportError(code, message)
  return new SallyportError('SP_SESSION_LOST', `the relay ended the session: ${message} (${code})`)
}

/** The end of a session: by the relay's close code where it sent one, else as the mux saw it. */
export function sessionEnd(error: SallyportError, closeCode: number | undefined): SallyportError {
  if (closeCode === undefined) return error
  const code = errorCodeOfClose(closeCode)
  return statedEnd(code, `${errorTable[code].meaning} (close code ${closeCode})`)
}
