// Development servers that refuse the public name, and targets where nothing listens: what the agent
// says of them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Agent, AgentEvents } from '@sallyport/agent'
import { Changes } from '../support/changes.ts'
import { startServer } from '../support/http-server.ts'
import { startInProcessRelay } from '../support/in-process-relay.ts'
import { joinAgent } from '../support/joined-agent.ts'
import { echo, startOrigin } from '../support/origin.ts'
import { visitUrl } from '../support/visit-url.ts'

/** What an agent tells from now on under that name. */
function listen<Name extends 'advice' | 'origin'>(agent: Agent, name: Name) {
  const told: AgentEvents[Name][] = []
  const changes = new Changes()
  agent.on(name, (event) => {
    told.push(event)
    changes.tell()
  })
  return { told, first: () => changes.until(name, () => told.length > 0) }
}

test('doctor: a Vite that refuses the host is told of once, with the line to change', async () => {
  // What Vite 8.3.8 answers, for the host that it was asked for.
  await using vite = await startServer(({ headers }, response) => {
    const host = JSON.stringify(headers.host?.replace(/:\d+$/, ''))
    response.writeHead(403, { 'content-type': 'text/plain' })
    response.write(`Blocked request. This host (${host}) is not allowed.\n`)
    response.end(`To allow this host, add ${host} to \`server.allowedHosts\` in vite.config.js.`)
  })
  await using relay = await startInProcessRelay()
  await using agent = await joinAgent(relay, vite.port, { url: 'https://127.0.0.1' })
  const { told, first } = listen(agent, 'advice')
  for (let visit = 0; visit < 3; visit++) await visitUrl(agent.url)
  await first()
  assert.deepEqual(told, [
    {
      target: `localhost:${vite.port}`,
      server: 'Vite',
      problem: 'refuses the host 127.0.0.1',
      file: 'vite.config.js (Nuxt, Astro: under vite in their own file)',
      line: `server: { allowedHosts: ['127.0.0.1'] }`,
      flag: '--host-header rewrite',
    },
  ])
})

test('doctor: where nothing listens, the ports that are served are named', async () => {
  await using other = await startOrigin(echo)
  const closed = await startOrigin(echo)
  await closed[Symbol.asyncDispose]()
  await using relay = await startInProcessRelay()
  await using agent = await joinAgent(relay, other.port, { url: 'https://127.0.0.1' })
  const { told, first } = listen(agent, 'origin')
  agent.setRoutes([
    {
      url: { kind: 'https', name: '127.0.0.1' },
      origin: { kind: 'tcp', host: 'localhost', port: closed.port },
    },
  ])
  await first()
  const { state, message = '' } = told[0] ?? {}
  assert.equal(state, 'refused')
  assert.match(
    message,
    /^nothing listens at localhost:\d+: visitors are refused until something does; ports that are served here: /,
  )
  const named = message.split(': ').at(-1) ?? ''
  assert.ok(named.includes(String(other.port)) || named.includes(' more'), named)
})
