// Nobody becomes an agent without a proof that was made for this very connection, and whoever fails
// learns nothing from the answer (docs/protocol.md §2).
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { type TLSSocket, connect as connectTls } from 'node:tls'
import { generateAgentKey } from '@sallyport/protocol'
import { authorizationFor, dialAgentDoor, upgrade } from '../support/bare-agent.ts'
import { deadline } from '../support/deadline.ts'
import { readToClose, startNeighbourhood } from '../support/neighbourhood.ts'

test('agent door: TLS 1.2 is refused', async () => {
  await using place = await startNeighbourhood()
  const socket = connectTls({
    port: place.relay.port,
    host: '127.0.0.1',
    ALPNProtocols: ['sallyport/1'],
    maxVersion: 'TLSv1.2',
    rejectUnauthorized: false,
  })
  await deadline(once(socket, 'error'), 5_000, 'refusal')
  await place.noticedNothing()
})

test('agent door: a request that is no upgrade gets a dull 404 and the end', async () => {
  await using place = await startNeighbourhood()
  const socket = await dialAgentDoor(place.relay.port)
  socket.write('GET /admin HTTP/1.1\r\nHost: relay\r\n\r\n')
  const answer = await readToClose(socket)
  assert.match(answer, /^HTTP\/1\.1 404 Not Found\r\n/)
  assert.match(answer, /connection: close\r\n/i)
  assert.ok(answer.endsWith('\r\n\r\n'))
  await place.noticedNothing()
})

/** A request to upgrade, by hand. */
function upgradeRequest(authorization: string | undefined, extra: readonly string[] = []): string {
  return [
    'GET / HTTP/1.1',
    'Host: relay',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...(extra.length > 0 ? extra : ['Sec-WebSocket-Protocol: sallyport.v1']),
    ...(authorization === undefined ? [] : [`Authorization: ${authorization}`]),
    '\r\n',
  ].join('\r\n')
}

test('agent door: every wrong proof gets the same 401 and the end', async () => {
  await using place = await startNeighbourhood()
  const { key, port } = place.relay
  const stranger = generateAgentKey()
  const wrong: Readonly<Record<string, (socket: TLSSocket) => string>> = {
    none: () => upgradeRequest(undefined),
    'another scheme': () => upgradeRequest('Basic YTpi'),
    'not a signature': () => upgradeRequest('Sallyport abc.def'),
    'a key that is not known': (socket) => upgradeRequest(authorizationFor(socket, stranger)),
    "a stranger's signature under a known key": (socket) =>
      upgradeRequest(authorizationFor(socket, stranger).replace(stranger.keyId, key.keyId)),
    'no subprotocol': (socket) =>
      upgradeRequest(authorizationFor(socket, key), ['Sec-WebSocket-Protocol: chat']),
    'no WebSocket key': (socket) =>
      upgradeRequest(authorizationFor(socket, key)).replace(/Sec-WebSocket-Key.*\r\n/, ''),
  }
  const answers = new Set<string>()
  for (const [name, request] of Object.entries(wrong)) {
    const socket = await dialAgentDoor(port)
    socket.write(request(socket))
    const answer = await readToClose(socket)
    assert.match(answer, /^HTTP\/1\.1 401 Unauthorized\r\n/, name)
    answers.add(answer)
  }
  assert.equal(answers.size, 1)
  await place.noticedNothing()
})

test('agent door: a proof that was good on one connection is worth nothing on another', async () => {
  await using place = await startNeighbourhood()
  const { key, port } = place.relay
  const first = await dialAgentDoor(port)
  const proof = authorizationFor(first, key)
  const second = await dialAgentDoor(port)
  const ws = await upgrade(first, proof)
  await assert.rejects(upgrade(second, proof), /Unexpected server response: 401/)
  ws.terminate()
  await place.noticedNothing()
})
