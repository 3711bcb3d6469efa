// A self-signed certificate for the peers that do not make one themselves, by the openssl command.
import { join } from 'node:path'
import type { Bench } from '../bench.ts'
import { program } from './peer.ts'

/** The name in the certificate. */
export const certificateName = 'relay.bench.test'

export interface CertificateFiles {
  readonly certificate: string
  readonly key: string
  /** Key and certificate in one PKCS #12 file. */
  readonly pkcs12: string
  readonly pkcs12Password: string
}

/** ECDSA P-256, as ours, so that no handshake pays for RSA. */
export async function makeCertificate(bench: Bench, directory: string): Promise<CertificateFiles> {
  const certificate = join(directory, 'certificate.pem')
  const key = join(directory, 'key.pem')
  const pkcs12 = join(directory, 'identity.pfx')
  const pkcs12Password = 'bench'
  const openssl = (...lines: readonly string[][]) => {
    const argv = [program(bench, 'openssl'), ...lines.flat()]
    return bench.processes.run({ name: 'openssl', argv, place: bench.topology.relay }, 10_000)
  }
  await openssl(
    ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
    ['-days', '7', '-subj', `/CN=${certificateName}`],
    ['-addext', `subjectAltName=DNS:${certificateName}`, '-keyout', key, '-out', certificate],
  )
  await openssl(
    ['pkcs12', '-export', '-inkey', key, '-in', certificate],
    ['-out', pkcs12, '-passout', `pass:${pkcs12Password}`],
  )
  return { certificate, key, pkcs12, pkcs12Password }
}
