// node scripts/set-up.mjs examples/passthrough-own-certificate.ts
//
// The origin holds key and certificate: the relay goes by the name in the ClientHello and sees no
// plaintext. The visitor checks the origin's certificate, and no other would do.
import { once } from 'node:events'
import { createServer } from 'node:https'
import { connect as dialTls } from 'node:tls'
import { text } from 'node:stream/consumers'
import { connect } from '@sallyport/agent'
import { generateIdentity } from '@sallyport/relay'
import { startLocalRelay } from './local-relay.ts'

const name = 'private.example.test'
const { key, certificate: cert } = generateIdentity(name, new Date())
const origin = createServer({ key, cert }, (_request, response) => {
  response.end('only the origin and you can read this')
})
origin.listen(0, '127.0.0.1')
await once(origin, 'listening')
const address = origin.address()
if (address === null || typeof address === 'string') throw new Error('no port')

await using local = await startLocalRelay()
await using agent = await connect(address.port, {
  join: await local.join('origin'),
  url: `passthrough://${name}`,
})
console.log(`the relay passes ${agent.url} through`)
const visitor = dialTls({
  host: '127.0.0.1',
  port: local.relay.listen.port,
  servername: name,
  ca: cert,
})
await once(visitor, 'secureConnect')
console.log(`certificate of ${visitor.getPeerX509Certificate()?.subjectAltName ?? 'nobody'}`)
visitor.write(`GET / HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`)
console.log((await text(visitor)).split('\r\n\r\n')[1])
origin.close()
