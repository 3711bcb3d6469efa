// Certificates from files that people or their own ACME program keep: `cert_file` and `key_file`.
import { badInput } from '@sallyport/protocol'
import { fileErrorCode, readSmallFile } from '@sallyport/settings'
import { type CertificatePair, covers, parsePair } from './certificate-pair.ts'

/** Two absolute paths; the key may stand in the certificate's file. */
export interface CertificateFiles {
  readonly certFile: string
  readonly keyFile: string
}

export interface ReadFiles {
  readonly pairs: readonly CertificatePair[]
  /** One line each, with the file. */
  readonly warnings: readonly string[]
}

/** Nobody but the owner and the group may do anything with the key: certbot's own group reads it. */
const openToAll = 0o007

/**
 * Reads and checks all pairs.
 * @throws {SallyportError} SP_CONFIG for the first that cannot be used.
 */
export async function readCertificateFiles(
  files: readonly CertificateFiles[],
  host: string,
  nowMs: number,
): Promise<ReadFiles> {
  const pairs: CertificatePair[] = []
  const warnings: string[] = []
  for (const { certFile, keyFile } of files) {
    const key = await read(keyFile, 'key_file', 'private key')
    const chain = await read(certFile, 'cert_file', 'certificate')
    const pair = parsePair({
      source: 'files',
      key: key.text,
      chain: chain.text,
      keyPlace: keyFile,
      chainPlace: certFile,
    })
    pairs.push(pair)
    warnings.push(...[...pair.warnings, ...whenWarnings(pair, nowMs)].map(say(certFile)))
    if ((key.mode & openToAll) !== 0) {
      warnings.push(say(keyFile)(`other users can read the key: chmod 600 ${keyFile}`))
    }
  }
  if (pairs.length > 0 && !pairs.some((pair) => covers(pair, host))) {
    const named = pairs.flatMap(({ names }) => names).join(', ')
    warnings.push(`no certificate file covers ${host}, only ${named}`)
  }
  return { pairs, warnings }
}

const say =
  (file: string) =>
  (warning: string): string =>
    `${file}: ${warning}`

function whenWarnings({ validFromMs, validToMs }: CertificatePair, nowMs: number): string[] {
  const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
  if (nowMs < validFromMs) return [`it is valid from ${day(validFromMs)} on only`]
  return nowMs < validToMs ? [] : [`it was valid until ${day(validToMs)}: visitors are warned`]
}

async function read(path: string, setting: string, what: string) {
  try {
    return await readSmallFile(path)
  } catch (error) {
    const right = `a file that can be read (${fileErrorCode(error)})`
    throw badInput('SP_CONFIG', { what, where: setting, value: path, right })
  }
}
