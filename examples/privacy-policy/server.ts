// A server of the exercise: `server.ts -id 100 -pp 111 -listen 5000 -revproc 8000`. Registers, then answers
// each payload with its SHA-1 in hex.
import { createHash } from 'node:crypto'
import { connect, createServer } from 'node:net'
import { field, flags, receive, send } from './packet.ts'

const given = flags(process.argv.slice(2))
const id = given.get('-id') ?? '100'
const policy = given.get('-pp') ?? '111'
const port = Number(given.get('-listen') ?? '5000')
const front = Number(given.get('-revproc') ?? '8000')

const server = createServer((socket) => {
  socket.on('error', () => {})
  void receive(socket).then((packet) => {
    if (!packet) return socket.destroy()
    const payload = createHash('sha1').update(field(packet, 'payload')).digest('hex')
    console.log(`Sending a message to the client ${field(packet, 'id')} payload ${payload}`)
    send(socket, { id, payload })
    return socket.end()
  })
})
console.log(`Server running with id ${id}`)
console.log(`Server serving privacy policy ${policy}`)
server.listen(port, '127.0.0.1', () => {
  console.log(`Listening on port ${port}`)
  console.log(`Connecting to the reverse proxy on port ${front}`)
  const socket = connect(front, '127.0.0.1')
  socket.on('error', (error) => {
    console.error(error.message)
    process.exitCode = 1
    server.close()
  })
  send(socket, { type: 'setup', id, privacy_policy: policy, port })
  void receive(socket).then((reply) => {
    if (reply) console.log(field(reply, 'Status'))
    socket.end()
  })
})
