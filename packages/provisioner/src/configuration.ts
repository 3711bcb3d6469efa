// What the relay is told at the claim: its settings, the agent that may join, and the names of its
// certificate. The agent's private key is not in it.
import { readFileSync } from 'node:fs'
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { type AgentKey, SallyportError } from '@sallyport/protocol'
import { readAuthorities } from './authority-settings.ts'
import type { Settings } from './settings.ts'

interface DeliveredFile {
  readonly name: string
  readonly mode: number
  readonly text: string
}

/** The bytes that the deploy key signs together with the bundle; equal settings give equal bytes. */
export function createConfiguration(
  settings: Settings,
  endpoint: string,
  address: string,
  agent: AgentKey,
  deployKey: Buffer,
): Buffer {
  const own = ownCertificate(settings)
  const files: DeliveredFile[] = [
    { name: 'relay.json', mode: 0o644, text: relaySettings(settings, address) },
    { name: 'agents.json', mode: 0o600, text: agentKeys(agent) },
    { name: 'deploy.json', mode: 0o644, text: deployKeyFile(deployKey) },
    ...(own === undefined
      ? []
      : [
          { name: 'tls.key', mode: 0o600, text: own.key },
          { name: 'tls.crt', mode: 0o644, text: own.certificate },
        ]),
  ]
  const certificate = {
    names: isIP(endpoint) === 0 ? [endpoint] : [],
    addresses: [address],
    // The form of the inspiring system: the organization is the endpoint unless it is set.
    organization: (settings.organization ?? endpoint).slice(0, 64),
    email: settings.emailAddress,
  }
  return Buffer.from(JSON.stringify({ files, ...(own === undefined ? { certificate } : {}) }))
}

/** The relay goes by its address: a relay's own name is never anybody's route, and the endpoint's name
 * must be one. */
export function relaySettings(settings: Settings, address: string): string {
  const { relayPort, tcpPorts, authority } = settings
  // The relay takes one range; the security group opens only what was asked for.
  const from = Math.min(...tcpPorts.map((one) => one.from))
  const to = Math.max(...tcpPorts.map((one) => one.to))
  return JSON.stringify({
    v: 1,
    host: address,
    listen: `:${relayPort}`,
    ...(tcpPorts.length === 0 ? {} : { tcp_ports: `${from}-${to}` }),
    ...(authority && {
      acme_directory: authority.directory.url,
      acme_email: authority.email,
      acme_ca: readAuthorities(authority),
    }),
  })
}

function agentKeys(agent: AgentKey): string {
  const first = { name: 'first', public_key: agent.publicKey.toString('base64url'), allow: '*' }
  return JSON.stringify({ v: 1, agents: [first] })
}

/** Who may steer the relay from here on: the key that claims it. Its public half. */
function deployKeyFile(publicKey: Buffer): string {
  return JSON.stringify({ v: 1, public_key: publicKey.toString('base64url') })
}

interface CertificateFiles {
  readonly key: string
  readonly certificate: string
}

/** KEY_FILE and CERT_FILE; throws SP_CONFIG when they cannot be used. */
export function ownCertificate(settings: Settings): CertificateFiles | undefined {
  const { keyFile, certFile } = settings
  if (keyFile === undefined || certFile === undefined) return undefined
  const key = readPem(keyFile, 'KEY_FILE')
  const certificate = readPem(certFile, 'CERT_FILE')
  try {
    if (new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))) {
      return { key, certificate }
    }
  } catch (error) {
    throw new SallyportError('SP_CONFIG', `${keyFile} or ${certFile} is not PEM`, { cause: error })
  }
  throw new SallyportError('SP_CONFIG', `${certFile} is not the certificate of ${keyFile}`)
}

/** base64url of the public half's SPKI, as DER. */
export function spkiOf(key: string): string {
  return createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64url')
}

function readPem(path: string, name: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new SallyportError('SP_CONFIG', `${path} (${name}) cannot be read`, { cause: error })
  }
}
