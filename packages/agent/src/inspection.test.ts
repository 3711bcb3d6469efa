import assert from 'node:assert/strict'
import test from 'node:test'
import { startInspection } from './inspection.ts'

test('inspection: tunnels are named by where visitors come, https also where TLS ends here', async () => {
  const routes = [
    { id: 'r0', url: 'https://app.example.com', target: 'localhost:3000' },
    { id: 'r1', url: 'passthrough://own.example.com', target: 'https://localhost:8443' },
    { id: 'r2', url: 'passthrough://theirs.example.com', target: 'localhost:8443' },
    { id: 'r3', url: 'tcp://relay.example.com:2222', target: 'localhost:22' },
  ]
  await using inspection = await startInspection(
    { host: '127.0.0.1', port: 0, isExplicit: true },
    () => ({
      routes,
      seesHttp: (id) => id === 'r0' || id === 'r1',
      sendReplay: () => Promise.reject(new Error('nothing is sent')),
    }),
  )
  const answer = await fetch(`${inspection.url}/api/tunnels`, { headers: { Connection: 'close' } })
  const { tunnels } = (await answer.json()) as {
    tunnels: { name: string; public_url: string; proto: string; config: { addr: string } }[]
  }
  assert.deepEqual(
    tunnels.map(({ name, public_url, proto, config }) => [name, public_url, proto, config.addr]),
    [
      ['app.example.com', 'https://app.example.com', 'https', 'http://localhost:3000'],
      ['own.example.com', 'https://own.example.com', 'https', 'https://localhost:8443'],
      ['theirs.example.com', 'passthrough://theirs.example.com', 'passthrough', 'localhost:8443'],
      ['relay.example.com:2222', 'tcp://relay.example.com:2222', 'tcp', 'localhost:22'],
    ],
  )
})
