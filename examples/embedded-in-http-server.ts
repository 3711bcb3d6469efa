// node scripts/set-up.mjs examples/embedded-in-http-server.ts
//
// An http.Server that listens nowhere: the agent inside the same program hands it its visitors, over
// https with the name that the relay assigned.
import { createServer } from 'node:http'
import { get } from 'node:https'
import { text } from 'node:stream/consumers'
import { connect } from '@sallyport/agent'
import { startLocalRelay } from './local-relay.ts'

const server = createServer((request, response) => {
  response.end(`hello from inside the program: ${request.url ?? ''}`)
})
await using local = await startLocalRelay()
await using agent = await connect(server, { join: await local.join('program') })
console.log(`published as ${agent.url}, listening: ${server.listening}`)

// The relay's certificate is self-signed: here nobody checks it.
const answer = await new Promise<string>((resolve, reject) => {
  get(`${agent.url}/greeting`, { rejectUnauthorized: false, agent: false }, (response) => {
    resolve(text(response))
  }).on('error', reject)
})
console.log(answer)
