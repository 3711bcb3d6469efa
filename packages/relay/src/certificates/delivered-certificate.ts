// Certificates that a provisioner delivers at the deploy door: a chain for a key that was made here for
// it, a pair of its own, or a new chain for the key that agents pin.
import { X509Certificate, createPrivateKey, createPublicKey } from 'node:crypto'
import { createCertificateRequest, generateTlsKey } from '@sallyport/acme'
import { badInput, isHostName, isIp } from '@sallyport/protocol'
import type { StateDirectory } from '../state-directory.ts'
import { parsePair } from './certificate-pair.ts'

/** The file of D that holds key and chain together, so that they are never of two deliveries. */
export const deliveredPair = 'delivered.pem'

/**
 * Makes a key, which stays here until its certificate comes.
 * @returns a request for `names` in PEM (PKCS #10).
 * @throws {SallyportError} SP_CONFIG, SP_STATE.
 */
export async function requestCertificate(
  state: StateDirectory,
  names: readonly string[],
): Promise<string> {
  for (const name of names) {
    if (isHostName(name.replace(/^\*\./, '')) || isIp(name)) continue
    const right = 'a host name, *. of one, or an IP address'
    throw badInput('SP_CONFIG', { what: 'name', where: 'csr', value: name, right })
  }
  const key = generateTlsKey()
  await state.write('request.key', key.export({ type: 'pkcs8', format: 'pem' }).toString())
  const lines =
    createCertificateRequest(key, names)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  const [begin, end] = ['BEGIN', 'END'].map((word) => `-----${word} CERTIFICATE REQUEST-----`)
  return [begin, ...lines, end, ''].join('\n')
}

/** What the certificate is for: visitors get theirs at once, the pinned key's counts from the next start. */
export type Delivered = 'same' | 'visitors' | 'pinned'

/**
 * Takes a chain, with its key or without.
 * @throws {SallyportError} SP_CONFIG when no key fits it, SP_STATE.
 */
export async function takeCertificate(state: StateDirectory, text: string): Promise<Delivered> {
  const pinned = (await state.read('tls.key')) ?? ''
  const own = text.includes('PRIVATE KEY-----') ? text : undefined
  const requested = await state.read('request.key')
  const keys = own === undefined ? [pinned, requested] : [own]
  const key = keys.find((one) => one !== undefined && isOf(text, one))
  if (key === undefined) {
    const right = 'one with its key, of the last csr, or of the key that agents pin'
    throw badInput('SP_CONFIG', { what: 'certificate', where: 'deploy door', right })
  }
  const keyPlace = 'the key of the certificate that was delivered'
  const chainPlace = 'the certificate that was delivered'
  const { pem } = parsePair({ source: 'files', key, chain: text, keyPlace, chainPlace })
  if (spkiOf(key) === spkiOf(pinned)) {
    if ((await state.read('tls.crt')) === pem.cert) return 'same'
    await state.write('tls.crt', pem.cert)
    return 'pinned'
  }
  const pair = pemOf(key) + pem.cert
  if ((await state.read(deliveredPair)) === pair) return 'same'
  await state.write(deliveredPair, pair)
  return 'visitors'
}

/** Whether the key is that of a certificate in the text; false for what is neither. */
function isOf(chain: string, key: string): boolean {
  const texts = chain.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  try {
    const privateKey = createPrivateKey(key)
    return texts.some((text) => new X509Certificate(text).checkPrivateKey(privateKey))
  } catch {
    return false
  }
}

function spkiOf(key: string): string {
  return createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64url')
}

function pemOf(key: string): string {
  return createPrivateKey(key).export({ type: 'pkcs8', format: 'pem' }).toString()
}
