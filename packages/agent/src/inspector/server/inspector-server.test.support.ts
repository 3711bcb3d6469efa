// An inspector's server on a free port, and somebody who asks it.
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { deadline } from '../../../../../test/support/deadline.ts'
import { type InspectorTest, createInspectorTest } from '../inspector.test.support.ts'
import { type InspectorServer, startInspectorServer } from './inspector-server.ts'
import { createInspectorPage } from './page.ts'

export const token = 'right-token'
export const page = createInspectorPage(
  '<!doctype html><style>p{color:red}</style><script type="module">run()</script>',
)

export interface World extends InspectorTest, AsyncDisposable {
  readonly server: InspectorServer
  /** With Host and token right, unless they are given. */
  ask(
    path: string,
    options?: {
      readonly method?: string
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string
    },
  ): Promise<IncomingMessage>
}

export async function startWorld(): Promise<World> {
  const world = createInspectorTest()
  const server = await startInspectorServer({
    inspector: world.inspector,
    host: '127.0.0.1',
    port: 0,
    isExplicit: true,
    token,
    page,
    version: '1.2.3',
  })
  return Object.assign(world, {
    server,
    async ask(
      path: string,
      { method = 'GET', headers = {}, body }: Parameters<World['ask']>[1] = {},
    ) {
      const asked = request({
        host: '127.0.0.1',
        port: server.port,
        path,
        method,
        headers: { Authorization: `Bearer ${token}`, ...headers },
      })
      asked.end(body)
      const [answer] = (await deadline(once(asked, 'response'), 10_000, 'answer')) as [
        IncomingMessage,
      ]
      return answer
    },
    [Symbol.asyncDispose]: () => server.close(),
  })
}

export const statusOf = async (answer: Promise<IncomingMessage>): Promise<number | undefined> => {
  return (await answer).statusCode
}
