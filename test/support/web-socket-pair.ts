// A WebSocket of `ws` and, at its other end, a raw one whose every byte the test decides.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { type AddressInfo, type Socket, connect, createServer as createTcpServer } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'
import { type Masking, webSocketOptions } from '../../packages/mux/src/websocket-transport.ts'
import { until } from './deadline.ts'
import { RawWebSocket, upgradeAnswer, upgradeRequest } from './raw-web-socket.ts'

/** A masking key for what a client sends. */
export const clientKey = Buffer.from([9, 8, 7, 6])

/** Our end of a WebSocket and the raw one at the other; `masking` decides who dialled. */
export async function rawPair(
  masking: Masking,
  onBinary: (payload: Buffer) => void,
): Promise<{ ws: WebSocket; socket: Socket; raw: RawWebSocket }> {
  if (masking === 'none') {
    const http = createServer()
    const server = new WebSocketServer({ server: http, ...webSocketOptions })
    http.listen(0, '127.0.0.1')
    await until(http, 'listening')
    const accepted = until(server, 'connection')
    const socket = connect((http.address() as AddressInfo).port, '127.0.0.1')
    socket.write(upgradeRequest)
    const [head] = (await until(socket, 'data')) as [Buffer]
    assert.match(head.toString(), /^HTTP\/1.1 101 /)
    const [ws, request] = (await accepted) as [WebSocket, { socket: Socket }]
    http.close()
    return { ws, socket: request.socket, raw: new RawWebSocket(socket, onBinary) }
  }
  const server = createTcpServer()
  server.listen(0, '127.0.0.1')
  await until(server, 'listening')
  const accepted = until(server, 'connection')
  const port = (server.address() as AddressInfo).port
  const ws = new WebSocket(`ws://127.0.0.1:${port}/`, webSocketOptions)
  let socket: Socket | undefined
  ws.on('upgrade', (response) => {
    socket = response.socket
  })
  const [peer] = (await accepted) as [Socket]
  server.close()
  const [request] = (await until(peer, 'data')) as [Buffer]
  peer.write(upgradeAnswer(request.toString()))
  const raw = new RawWebSocket(peer, onBinary)
  await until(ws, 'open')
  return { ws, socket: socket ?? assert.fail('no socket'), raw }
}
