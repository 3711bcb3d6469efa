// What kind of address a host is.

/** The addresses that stand for all of the machine's. */
export function isEveryAddress(host: string): boolean {
  return host === '' || host === '0.0.0.0' || host === '::'
}
