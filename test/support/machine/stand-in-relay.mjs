// Stands where the relay's bundle goes, in tests that are about the way there: it answers TLS with
// the delivered key and the agents' ALPN, and nothing else.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:tls'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  allowPositionals: true,
  options: {
    dir: { type: 'string' },
    listen: { type: 'string' },
    heartbeat: { type: 'boolean' },
  },
})
const [host, port] = (values.listen ?? '').split(':')
const read = (/** @type {string} */ name) => readFileSync(`${values.dir}/${name}`)
createServer(
  {
    key: read('tls.key'),
    cert: read('tls.crt'),
    minVersion: 'TLSv1.3',
    ALPNProtocols: ['sallyport/1', 'http/1.1'],
  },
  (socket) => {
    socket.on('error', () => socket.destroy())
    socket.end(JSON.parse(read('relay.json').toString()).host)
  },
).listen(Number(port), host)
