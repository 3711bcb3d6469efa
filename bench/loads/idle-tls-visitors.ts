// A load: `count` visitors who finish a TLS handshake and then say nothing, from `sources` addresses
// 127.0.x.1 of loopback on, so that no address runs out of ports.
import type { TcpNetConnectOpts } from 'node:net'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { tlsName } from '../peers/ours.ts'
import { hold } from './hold.ts'
import { readArguments } from './load-arguments.ts'

const { host, number } = readArguments()
const port = number('port')
const firstSource = number('firstSource')
const sources = number('sources')

await hold(number('count'), (index) => {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>()
  const localAddress = `127.0.${firstSource + (index % sources)}.1`
  const options: ConnectionOptions & TcpNetConnectOpts = {
    host,
    port,
    localAddress,
    servername: tlsName,
    rejectUnauthorized: false, // the relay's key is its own: who it is does not matter to a load
  }
  const socket = connect(options)
  socket.once('secureConnect', () => {
    socket.setTimeout(0)
    resolve(socket)
  })
  socket.on('error', reject)
  socket.setTimeout(20_000, () => socket.destroy(new Error('no handshake within 20 s')))
  return promise
})
