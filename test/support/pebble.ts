// pebble, Let's Encrypt's test authority, with a DNS that gives every name one address: that of the
// machine under test. It really connects there to validate.
import { randomInt } from 'node:crypto'
import { request } from 'node:https'
import { writeFile } from 'node:fs/promises'
import { createAuthority } from './authority.ts'
import { deadline } from './deadline.ts'
import { pebbleBinary } from './pebble-binary.ts'
import { type Program, runCommand } from './run-program.ts'
import { temporaryDirectory } from './temporary-directory.ts'

/** Each world has an address of its own, so that fixed ports are free there. */
export function ownAddress(): string {
  return `127.${randomInt(64, 192)}.${randomInt(256)}.${randomInt(2, 254)}`
}

const ports = {
  tls: 5001,
  http: 5002,
  directory: 14_000,
  management: 15_000,
  dns: 8053,
  dnsAdmin: 8055,
}

export interface PebbleOptions {
  /** Where every name points, and where it validates: 5001 for TLS, 5002 for HTTP. */
  readonly address: string
  /** Another port for TLS. */
  readonly tlsPort?: number
  /** HOST:PORT of another name server than one that gives every name the address. */
  readonly dns?: string
  /** Percent of good nonces that are refused; default none. */
  readonly badNonces?: number
  /** Up to so many seconds before each validation; default none. */
  readonly pendingSeconds?: number
}

export interface Pebble extends AsyncDisposable {
  readonly directoryUrl: string
  /** PEM of who issued the certificate of its own listener. */
  readonly ca: string
  /** PEM of the root of what it issues. */
  readonly root: string
  readonly program: Program
}

export const pebblePorts: { readonly tls: number; readonly http: number } = ports

const listenerAuthority = createAuthority()

export async function startPebble(options: PebbleOptions): Promise<Pebble> {
  const { address } = options
  const directory = await temporaryDirectory()
  const { key, chain } = listenerAuthority.issue({ names: ['pebble.test', `IP:${address}`] })
  await writeFile(directory.join('key.pem'), key)
  await writeFile(directory.join('cert.pem'), chain)
  const configuration = {
    listenAddress: `${address}:${ports.directory}`,
    managementListenAddress: `${address}:${ports.management}`,
    certificate: directory.join('cert.pem'),
    privateKey: directory.join('key.pem'),
    httpPort: ports.http,
    tlsPort: options.tlsPort ?? ports.tls,
    retryAfter: { authz: 1, order: 1 },
    keyAlgorithm: 'ecdsa',
    profiles: {
      default: { description: '90 days', validityPeriod: 7_776_000 },
      shortlived: { description: '6 days', validityPeriod: 518_400 },
    },
  }
  await writeFile(directory.join('pebble.json'), JSON.stringify({ pebble: configuration }))
  const dns = runCommand(pebbleBinary('pebble-challtestsrv'), [
    '-defaultIPv4',
    address,
    '-defaultIPv6',
    '',
    '-dnsserver',
    `${address}:${ports.dns}`,
    '-management',
    `${address}:${ports.dnsAdmin}`,
    '-http01',
    '',
    '-https01',
    '',
    '-tlsalpn01',
    '',
    '-doh',
    '',
  ])
  const { pendingSeconds, badNonces = 0 } = options
  const program = runCommand(
    pebbleBinary('pebble'),
    [
      '-config',
      directory.join('pebble.json'),
      '-dnsserver',
      options.dns ?? `${address}:${ports.dns}`,
    ],
    {
      env: {
        PEBBLE_WFE_NONCEREJECT: String(badNonces),
        // Every order is to be validated.
        PEBBLE_AUTHZREUSE: '0',
        ...(pendingSeconds === undefined
          ? { PEBBLE_VA_NOSLEEP: '1' }
          : { PEBBLE_VA_SLEEPTIME: String(pendingSeconds) }),
      },
    },
  )
  const { root: ca } = listenerAuthority
  const url = (port: number, path: string): string => `https://${address}:${port}${path}`
  return {
    directoryUrl: url(ports.directory, '/dir'),
    ca,
    root: await untilAnswered(url(ports.management, '/roots/0'), ca, program),
    program,
    async [Symbol.asyncDispose]() {
      await program[Symbol.asyncDispose]()
      await dns[Symbol.asyncDispose]()
      await directory[Symbol.asyncDispose]()
    },
  }
}

/** pebble says that it listens before it does. */
async function untilAnswered(url: string, ca: string, program: Program): Promise<string> {
  const untilMs = performance.now() + 30_000
  for (;;) {
    const body = await get(url, ca).catch(() => undefined)
    if (body !== undefined) return body
    if (performance.now() > untilMs) throw new Error(`pebble did not start: ${program.stdout.text}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function get(url: string, ca: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  request(url, { ca, agent: false }, (response) => {
    let body = ''
    response.setEncoding('utf8')
    response.on('data', (chunk: string) => (body += chunk))
    response.on('end', () => resolve(body))
    response.on('error', reject)
  })
    .on('error', reject)
    .end()
  return await deadline(promise, 10_000, url)
}
