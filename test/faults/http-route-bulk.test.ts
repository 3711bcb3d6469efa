// Bodies pass an https route of the programs as users run them; they do not stay there.
import assert from 'node:assert/strict'
import { type Hash, createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import type { Writable } from 'node:stream'
import test from 'node:test'
import { startServer } from '../support/http-server.ts'
import { startTestAgent, startTestRelay } from '../support/tunnel.ts'

const bytes = 2 * 1024 ** 3
const pieceBytes = 1024 ** 2
const name = 'app.test'
/** Node itself has some 60 MiB, the windows of one stream at most 16; the rest is the collector's. */
const mostBytes = 300 * 1024 ** 2

const noise = randomBytes(pieceBytes)

/** Writes `bytes`, each piece of them another one, and adds them to the digest. */
async function send(to: Writable, hash: Hash): Promise<void> {
  for (let at = 0; at < bytes; at += pieceBytes) {
    const piece = Buffer.from(noise)
    piece.writeDoubleBE(at)
    hash.update(piece)
    if (!to.write(piece)) await once(to, 'drain')
  }
  to.end()
}

async function digestOf(incoming: IncomingMessage): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of incoming) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

/** The most memory that the process ever had, of /proc (proc(5)). */
async function peakBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024
}

test('https route: 2 GiB up and 2 GiB down have equal digests, in bounded memory', async (t) => {
  const sent = createHash('sha256')
  await using origin = await startServer((incoming, response) => {
    void digestOf(incoming).then(async (digest) => {
      response.setHeader('x-digest', digest)
      await send(response, sent)
    })
  })
  await using relay = await startTestRelay()
  const args = [String(origin.port), '--url', `https://${name}`]
  await using agent = await startTestAgent(relay, args)
  const asked = request({
    host: '127.0.0.1',
    port: relay.port,
    method: 'PUT',
    servername: name,
    rejectUnauthorized: false,
    agent: false,
    headers: { host: name },
  })
  const uploaded = createHash('sha256')
  const startMs = performance.now()
  const answered = once(asked, 'response') as Promise<[IncomingMessage]>
  await send(asked, uploaded)
  const [response] = await answered
  assert.equal(response.headers['x-digest'], uploaded.digest('hex'))
  const upMs = performance.now() - startMs
  assert.equal(await digestOf(response), sent.digest('hex'))
  const downMs = performance.now() - startMs - upMs
  const peaks = {
    relay: await peakBytes(relay.program.pid),
    agent: await peakBytes(agent.program.pid),
  }
  t.diagnostic(`up ${(upMs / 1_000).toFixed(1)} s, down ${(downMs / 1_000).toFixed(1)} s`)
  for (const [who, peak] of Object.entries(peaks)) {
    t.diagnostic(`${who}: peak ${Math.round(peak / 1024 ** 2)} MiB`)
    assert.ok(peak < mostBytes, `${who}: ${peak} bytes`)
  }
})
