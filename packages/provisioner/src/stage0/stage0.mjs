// What a fresh instance runs before it is anybody's: it holds the public port until its provisioner
// has proved itself, takes the relay from it, and hands the port over. Plain JavaScript in one file
// on purpose: this very text travels in user-data, so it imports nothing but Node. docs/aws.md §4.
import { spawnSync } from 'node:child_process'
import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  verify,
} from 'node:crypto'
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync } from 'node:fs'
import { readFileSync, renameSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createServer } from 'node:tls'

/**
 * @typedef {{ port: number, deployKey: string, secret: string, directory: string, startCommand: string[] }} Parameters
 * @typedef {{ names: string[], addresses: string[], organization: string, email: string }} Names
 * @typedef {{ files: { name: string, mode: number, text: string }[], certificate?: Names }} Delivery
 */

/** The relay bundle is near 1 MB; a configuration is a few files of text. */
const maxBundleBytes = 16 * 1024 * 1024
const maxConfigurationBytes = 1024 * 1024
const claimAlpn = 'sallyport-claim/1'
const exporterLabel = 'EXPERIMENTAL-sallyport-claim-1'
const idleMs = 60_000
const proofBytes = 96
const maxAheadBytes = 65_536
const Reply = { staged: 1, committed: 2 }
const commit = 0x43

const root = process.env['SALLYPORT_ROOT'] ?? '/'
/** @type {Parameters} */
const parameters = JSON.parse(readFileSync(join(root, 'opt/sallyport/stage0.json'), 'utf8'))
const directory = join(root, parameters.directory)
const marker = join(root, 'var/lib/sallyport/claimed')

if (existsSync(marker)) startRelay()
else listen()

function listen() {
  const keyFile = join(root, 'var/lib/sallyport/stage0.key')
  // Kept over a restart: the provisioner may have noted this very key.
  if (!existsSync(keyFile)) write(keyFile, 0o600, newKey())
  const key = readFileSync(keyFile, 'utf8')
  const cert = certificate(key, { names: [], addresses: [], organization: 'Sallyport', email: '' })
  const door = createServer(
    { key, cert, minVersion: 'TLSv1.3', ALPNProtocols: [claimAlpn] },
    (socket) => {
      socket.on('error', () => socket.destroy())
      socket.setTimeout(idleMs, () => socket.destroy())
      serve(socket, key).then(
        () => {
          door.close()
          // The answer is on its way; whoever waits for more gets the relay.
          socket.end(() => startRelay())
        },
        (error) => {
          console.error(`claim refused: ${error.message}`)
          socket.destroy()
        },
      )
    },
  )
  // Handshakes that fail, scanners: theirs to lose.
  door.on('tlsClientError', (_, socket) => socket.destroy())
  door.listen(parameters.port, process.env['SALLYPORT_LISTEN_HOST'] ?? '::')
  console.error(`waiting to be claimed on port ${parameters.port}`)
}

/**
 * One claim; settled once it is committed. Nothing is said or kept before the provisioner has proved.
 * @param {import('node:tls').TLSSocket} socket
 * @param {string} key
 */
async function serve(socket, key) {
  if (socket.alpnProtocol !== claimAlpn) throw new Error('no claim')
  const read = reader(socket)
  const exporter = socket.exportKeyingMaterial(32, exporterLabel, Buffer.alloc(0))
  const proof = await read(proofBytes)
  const digest = proof.subarray(0, 32)
  const signed = Buffer.concat([Buffer.from('claim'), exporter, digest])
  if (!verify(null, signed, publicKey(parameters.deployKey), proof.subarray(32))) {
    throw new Error('not the provisioner of this instance')
  }
  const secret = Buffer.from(parameters.secret, 'base64url')
  socket.write(createHmac('sha256', secret).update('relay').update(exporter).digest())

  const lengths = await read(8)
  const bundleBytes = lengths.readUInt32BE(0)
  const configurationBytes = lengths.readUInt32BE(4)
  if (bundleBytes > maxBundleBytes || configurationBytes > maxConfigurationBytes) {
    throw new Error('too large')
  }
  const bundle = await read(bundleBytes)
  const configuration = await read(configurationBytes)
  const received = createHash('sha256').update(bundle).update(configuration).digest()
  if (!received.equals(digest)) throw new Error('not the bytes that were signed')
  store(bundle, JSON.parse(configuration.toString()), key)
  socket.write(Buffer.from([Reply.staged]))

  if ((await read(1))[0] !== commit) throw new Error('no commit')
  // From here on every boot starts the relay, and the secret of user-data opens nothing.
  write(marker, 0o644, digest.toString('hex'))
  socket.write(Buffer.from([Reply.committed]))
}

/**
 * @param {Buffer} bundle
 * @param {Delivery} delivery
 * @param {string} key
 */
function store(bundle, { files, certificate: names }, key) {
  for (const { name, mode, text } of files) {
    if (!/^[a-z][a-z0-9.-]*$/.test(name)) throw new Error('a file name out of place')
    write(join(directory, name), mode, text)
  }
  if (names !== undefined) {
    write(join(directory, 'tls.key'), 0o600, key)
    write(join(directory, 'tls.crt'), 0o644, certificate(key, names))
  }
  write(join(root, 'opt/sallyport/relay.mjs'), 0o644, bundle)
}

/**
 * Whole or not at all, and on the disk before it returns.
 * @param {string} path
 * @param {number} mode
 * @param {string | Buffer} data
 */
function write(path, mode, data) {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 })
  const file = openSync(`${path}.new`, 'w', mode)
  writeSync(file, Buffer.from(data))
  fsyncSync(file)
  closeSync(file)
  renameSync(`${path}.new`, path)
  const parent = openSync(dirname(path), 'r')
  fsyncSync(parent)
  closeSync(parent)
}

function startRelay() {
  const [command = '', ...args] = parameters.startCommand
  const { status } = spawnSync(command, args, { stdio: 'inherit' })
  process.exit(status ?? 1)
}

/**
 * Reads exact numbers of bytes; rejects when the other end goes first.
 * @param {import('node:tls').TLSSocket} socket
 * @returns {(bytes: number) => Promise<Buffer>}
 */
function reader(socket) {
  /** @type {Buffer[]} */
  const held = []
  let heldBytes = 0
  let isOver = false
  let wake = () => {}
  socket.on('data', (chunk) => {
    held.push(chunk)
    heldBytes += chunk.length
    // Whoever sends far ahead of what is asked for waits.
    if (heldBytes > maxAheadBytes) socket.pause()
    wake()
  })
  const over = () => {
    isOver = true
    wake()
  }
  socket.on('end', over).on('close', over)
  return async (bytes) => {
    const parts = []
    let missing = bytes
    while (missing > 0) {
      const chunk = held.shift()
      if (chunk !== undefined) {
        parts.push(chunk.subarray(0, missing))
        if (chunk.length > missing) held.unshift(chunk.subarray(missing))
        heldBytes -= Math.min(chunk.length, missing)
        missing -= Math.min(chunk.length, missing)
      } else {
        if (isOver) throw new Error('the other end went away')
        await new Promise((resolve) => {
          wake = () => resolve(undefined)
          socket.resume()
        })
      }
    }
    return Buffer.concat(parts)
  }
}

function newKey() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/**
 * RFC 8410 §4: twelve fixed bytes before a raw Ed25519 key.
 * @param {string} raw
 */
function publicKey(raw) {
  const head = Buffer.from('302a300506032b6570032100', 'hex')
  const key = Buffer.concat([head, Buffer.from(raw, 'base64url')])
  return createPublicKey({ key, format: 'der', type: 'spki' })
}

// --- a self-signed certificate (RFC 5280 §4.1), in DER by hand: nothing else is at hand here -------

/**
 * @param {number} tag
 * @param {(Buffer | string)[]} parts
 */
function der(tag, ...parts) {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)))
  const size = body.length
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 255]
  return Buffer.concat([Buffer.from([tag, ...length]), body])
}

/** @param {string} hex */
function oid(hex) {
  return der(6, Buffer.from(hex, 'hex'))
}

/**
 * @param {string} hex
 * @param {number} tag
 * @param {string} text
 */
function attribute(hex, tag, text) {
  return text === '' ? Buffer.alloc(0) : der(0x31, der(0x30, oid(hex), der(tag, text)))
}

/**
 * @param {string} key
 * @param {Names} wanted
 */
function certificate(key, wanted) {
  const name = der(
    0x30,
    attribute('55040a', 12, wanted.organization),
    attribute('550403', 12, 'Sallyport relay'),
    attribute('2a864886f70d010901', 22, wanted.email),
  )
  const year = new Date().getFullYear()
  // UTCTime, as RFC 5280 §4.1.2.5 asks through 2049.
  const time = (/** @type {number} */ from) => der(23, `${from % 100}0101000000Z`)
  const algorithm = der(0x30, oid('2a8648ce3d040302'))
  const alternatives = [
    ...wanted.names.map((one) => der(0x82, one)),
    ...wanted.addresses.map((one) => der(0x87, Buffer.from(one.split('.').map(Number)))),
  ]
  const extensions =
    alternatives.length === 0
      ? []
      : [der(0xa3, der(0x30, der(0x30, oid('551d11'), der(4, der(0x30, ...alternatives)))))]
  const privateKey = createPrivateKey(key)
  const body = der(
    0x30,
    der(0xa0, der(2, Buffer.from([2]))),
    der(2, Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    algorithm,
    name,
    der(0x30, time(year - 1), time(year + 10)),
    name,
    createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
    ...extensions,
  )
  const signature = sign('sha256', body, privateKey)
  const whole = der(0x30, body, algorithm, der(3, Buffer.from([0]), signature))
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? []
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}
