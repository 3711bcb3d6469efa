// The inspector of the `agent` program: what visitors ask for through relay and tunnel is shown, listed
// for scripts, and sent again.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { type AddressInfo, connect, createServer } from 'node:net'
import { json, text } from 'node:stream/consumers'
import test from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { deadline, until } from '../support/deadline.ts'
import { startServer } from '../support/http-server.ts'
import { runAgent, startTestAgent, startTestRelay } from '../support/tunnel.ts'
import { visitUrl } from '../support/visit-url.ts'

interface Requests {
  readonly requests: readonly {
    readonly id: string
    readonly duration: number
    readonly request: { readonly uri: string }
    readonly response: { readonly status_code: number } | null
  }[]
}

/** Asks the inspector, with the token of its link. */
async function ask(link: string, path: string, body?: object): Promise<IncomingMessage> {
  const { origin, hash } = new URL(link)
  const asked = request(`${origin}${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { Authorization: `Bearer ${hash.slice(1)}`, 'Content-Type': 'application/json' },
  })
  asked.end(body && JSON.stringify(body))
  const [answer] = (await deadline(once(asked, 'response'), 10_000, 'answer')) as [IncomingMessage]
  return answer
}

test('inspector: a visit is listed, found by scripts, and sent again as its visitor sent it', async (context) => {
  const seen: string[] = []
  const origin = await startServer((asked, answer) => {
    const { url = '', headers } = asked
    seen.push([url, headers.host, headers['x-forwarded-for'], headers['x-forwarded-proto']].join())
    answer.end('hello')
  })
  context.after(() => origin.close())
  await using relay = await startTestRelay()
  await using agent = await startTestAgent(relay, [`${origin.port}`, '--web-addr', '127.0.0.1:0'])
  const { url, link } = await agent.program.event('inspecting')
  assert.equal(await visitUrl(`${agent.url.origin}/a?b=1`), 'hello')

  // As scripts for ngrok do it: no token, and the first public_url.
  const { tunnels } = (await (await fetch(`${String(url)}/api/tunnels`)).json()) as {
    tunnels: { public_url: string }[]
  }
  assert.equal(tunnels[0]?.public_url, agent.url.origin)

  const ended = async (count: number): Promise<Requests['requests']> => {
    for (;;) {
      const { requests } = (await json(await ask(String(link), '/api/requests/http'))) as Requests
      if (requests.length === count && requests.every(({ duration }) => duration > 0)) {
        return requests
      }
      await setImmediate()
    }
  }
  const [first] = await deadline(ended(1), 10_000, 'first request')
  assert.equal(first?.request.uri, '/a?b=1')
  assert.equal(first.response?.status_code, 200)

  const replayed = await ask(String(link), '/api/requests/http', { id: first.id })
  assert.equal(replayed.statusCode, 204)
  const [again] = await deadline(ended(2), 10_000, 'replay')
  assert.equal(again?.response?.status_code, 200)
  assert.equal(seen.length, 2)
  assert.equal(seen[1], seen[0], 'host and forwarded fields are as they were')

  // The page is served to anybody, and is whole.
  assert.match(await (await fetch(String(url))).text(), /<title>Sallyport inspector/)
})

test('inspector: a raw visit is listed with its bytes and its end', async () => {
  const origin = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket))
  origin.listen(0, '127.0.0.1')
  await once(origin, 'listening')
  const { port } = origin.address() as AddressInfo
  await using relay = await startTestRelay({ tcpPorts: '20000-32000' })
  const args = ['-R', `0:127.0.0.1:${port}`, '--web-addr', '127.0.0.1:0']
  await using agent = await startTestAgent(relay, args)
  const { link } = await agent.program.event('inspecting')

  const visitor = connect({ port: agent.port, host: '127.0.0.1' })
  visitor.end('echo')
  assert.equal(await text(visitor), 'echo')

  const listed = async (): Promise<Record<string, unknown>> => {
    for (;;) {
      const { visits } = (await json(await ask(String(link), '/api/visits'))) as {
        visits: Record<string, unknown>[]
      }
      if (visits[0]) return visits[0]
      await setImmediate()
    }
  }
  const visit = await deadline(listed(), 10_000, 'visit')
  assert.equal(visit['tunnel'], agent.url.host)
  assert.deepEqual([visit['bytesIn'], visit['bytesOut'], visit['endedBy']], [4, 4, 'end'])
  origin.close()
})

test('inspector: an address that was asked for and is taken ends the agent with 7', async () => {
  const taken = createServer()
  taken.listen(0, '127.0.0.1')
  await until(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  await using relay = await startTestRelay()
  await using agent = runAgent(relay.join, ['3000', '--web-addr', `127.0.0.1:${port}`])
  await agent.expectExit(7)
  assert.match(agent.stderr.text, new RegExp(`inspector cannot listen on 127\\.0\\.0\\.1:${port} `))
  taken.close()
})
