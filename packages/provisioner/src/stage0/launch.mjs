// Starts the relay on a claimed machine: the bundle of the claim, or the last one that the deploy door
// delivered and the provisioner found good. A new bundle has one start; unless it is confirmed, the
// next start takes the one before. Whatever the relay wrote, only what the deploy key signed is run.
// Travels in user-data like stage0.mjs: nothing but Node is imported. docs/aws.md §4.
import { createHash, createPublicKey, verify } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

/**
 * @typedef {{ version: number, signature: string, file: string, started?: boolean, why?: string }} Bundle
 * @typedef {{ v: 1, highest: number, running?: object, current?: Bundle, trial?: Bundle, failed?: object }} Bundles
 */

const [, launcher = '', deployKey = '', ...args] = process.argv
const directory = args[args.indexOf('--dir') + 1] ?? ''
const file = join(directory, 'bundles.json')
const claimed = join(dirname(launcher), 'relay.mjs')

const bundles = read()
const { trial } = bundles
let chosen = bundles.current
if (trial !== undefined && trial.started !== true && isSigned(trial)) {
  trial.started = true
  chosen = trial
} else if (trial !== undefined) {
  bundles.failed = { version: trial.version, why: trial.why ?? 'not confirmed' }
  delete bundles.trial
}
if (chosen !== undefined && !isSigned(chosen)) chosen = undefined
try {
  save()
} catch {
  // A trial that leaves no trace could start for ever.
  if (chosen === trial) chosen = undefined
}
const path = chosen === undefined ? claimed : join(directory, chosen.file)
if (chosen !== undefined && chosen === trial) process.once('exit', onTrialExit)
process.argv = [process.execPath, path, ...args]
/** @type {string | undefined} */
let why
try {
  await import(pathToFileURL(path).href)
} catch (error) {
  why = String(error)
  console.error(error)
  process.exitCode = 1
}

/** @returns {Bundles} */
function read() {
  try {
    const value = JSON.parse(readFileSync(file, 'utf8'))
    if (Number.isSafeInteger(value.highest)) return value
  } catch {
    // The first start, or damaged: the bundle of the claim is always there.
  }
  return { v: 1, highest: 0 }
}

function save() {
  const bytes = readFileSync(chosen === undefined ? claimed : join(directory, chosen.file))
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  bundles.running = { version: chosen?.version ?? 0, sha256 }
  write(bundles)
}

/**
 * Whole or not at all, and on the disk before it returns.
 * @param {Bundles} value
 */
function write(value) {
  const fresh = openSync(`${file}.new`, 'w', 0o644)
  writeSync(fresh, `${JSON.stringify(value)}\n`)
  fsyncSync(fresh)
  closeSync(fresh)
  renameSync(`${file}.new`, file)
}

/** @param {number} code */
function onTrialExit(code) {
  const now = read()
  if (now.trial === undefined) return
  now.trial.why = (why ?? `it ended with exit code ${code}`).slice(0, 300)
  write(now)
}

/** @param {Bundle} bundle */
function isSigned(bundle) {
  try {
    const head = Buffer.alloc(4)
    head.writeUInt32BE(bundle.version)
    const digest = createHash('sha256')
      .update(readFileSync(join(directory, bundle.file)))
      .digest()
    const signed = Buffer.concat([Buffer.from('bundle'), head, digest])
    // RFC 8410 §4: twelve fixed bytes before a raw Ed25519 key.
    const spki = Buffer.concat([
      Buffer.from('302a300506032b6570032100', 'hex'),
      Buffer.from(deployKey, 'base64url'),
    ])
    const key = createPublicKey({ key: spki, format: 'der', type: 'spki' })
    return verify(null, signed, key, Buffer.from(bundle.signature, 'base64url'))
  } catch {
    return false
  }
}
