// A certificate for the relay's own TLS key, as a provisioner delivers it anew: the key stays, because
// agents pin it.
import { X509Certificate, createPrivateKey } from 'node:crypto'
import { SallyportError } from '@sallyport/protocol'
import type { StateDirectory } from './state-directory.ts'

/**
 * True when tls.crt is another one now: it counts from the next start.
 * @throws {SallyportError} SP_CONFIG when it is not of this key or does not hold now, SP_STATE.
 */
export async function writeDeliveredCertificate(
  state: StateDirectory,
  chain: string,
  now: Date,
): Promise<boolean> {
  if ((await state.read('tls.crt')) === chain) return false
  const key = createPrivateKey((await state.read('tls.key')) ?? '')
  const [leaf] = readChain(chain)
  if (leaf?.checkPrivateKey(key) !== true) throw wrong("is not of the relay's key")
  if (leaf.validToDate <= now) throw wrong(`ended on ${leaf.validTo}`)
  await state.write('tls.crt', chain)
  return true
}

function readChain(text: string): X509Certificate[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  try {
    return blocks.map((block) => new X509Certificate(block))
  } catch {
    throw wrong('is damaged')
  }
}

function wrong(why: string): SallyportError {
  return new SallyportError('SP_CONFIG', `the certificate that was delivered ${why}`)
}
