// The demo's service: an HTTP server as a developer has one, on a free port of 127.0.0.1.
import { createServer } from 'node:http'

const server = createServer((request, response) => {
  response.setHeader('content-type', 'text/plain; charset=utf-8')
  const { method = '', url = '' } = request
  response.end(`Hello from your own machine: ${method} ${url} came all the way.\n`)
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address !== null && typeof address === 'object') console.log(address.port)
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(0))
