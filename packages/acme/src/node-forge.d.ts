// The few functions of node-forge that are used. Its modules are imported one by one: the
// whole library takes ten times as long to load.
declare module 'node-forge/lib/asn1.js' {
  /** Opaque here: made by `create` or `fromDer`, read by `toDer`. */
  export interface Asn1 {
    readonly tagClass: number
    readonly type: number
    /** Bytes, or the parts of a constructed value. */
    readonly value: string | readonly Asn1[]
  }
  interface Asn1Module {
    readonly Class: { readonly UNIVERSAL: number; readonly CONTEXT_SPECIFIC: number }
    readonly Type: {
      readonly BOOLEAN: number
      readonly INTEGER: number
      readonly BITSTRING: number
      readonly OCTETSTRING: number
      readonly OID: number
      readonly UTF8: number
      readonly IA5STRING: number
      readonly SEQUENCE: number
      readonly SET: number
      readonly UTCTIME: number
      readonly GENERALIZEDTIME: number
    }
    /** `value` is a binary string, or the parts of a constructed value. */
    create(
      tagClass: number,
      type: number,
      constructed: boolean,
      value: string | readonly Asn1[],
    ): Asn1
    fromDer(bytes: string): Asn1
    toDer(value: Asn1): { getBytes(): string }
    oidToDer(oid: string): { getBytes(): string }
    derToOid(bytes: string): string
    dateToUtcTime(date: Date): string
    dateToGeneralizedTime(date: Date): string
  }
  const asn1: Asn1Module
  export default asn1
}

declare module 'node-forge/lib/util.js' {
  const util: {
    /** 4 or 16 bytes as a binary string; null when `ip` is no IP address. */
    bytesFromIP(ip: string): string | null
  }
  export default util
}
