// An origin that reads to the end of the visitor's bytes and only then answers, with their number:
// a tunnel that ends both directions at the first end loses the answer. A visitor that sends
// nothing is simply held. A program: late-reply.ts HOST PORT.
import { createServer } from 'node:net'

const [host, port] = process.argv.slice(2)

createServer({ allowHalfOpen: true }, (socket) => {
  let received = 0
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk: Buffer) => (received += chunk.length))
  socket.on('end', () => socket.end(`${received}\n`))
}).listen(Number(port), host, 4096)
