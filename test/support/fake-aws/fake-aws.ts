// EC2 and Route 53 as an HTTP service on loopback, speaking their own protocols, so that the real
// SDK runs against it. Slow where AWS is slow, refuses what AWS refuses; faults on any call.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { changing } from './ec2-changing.ts'
import { looking } from './ec2-looking.ts'
import { parseQuery, text, type Params } from './query.ts'
import { route53Call, route53Error } from './route53.ts'
import { AwsFault, World, type WorldOptions } from './world.ts'
import { writeXml } from './xml.ts'

export interface Call {
  readonly action: string
  readonly params: Params
}

export interface Fault {
  readonly action: string
  readonly code: string
  /** How often it strikes; absent = always. */
  times?: number
  readonly status?: number
  /** Strikes only these requests. */
  readonly when?: (params: Params) => boolean
}

export const fakeKeys = {
  AWS_ACCESS_KEY: 'AKIAFAKEFAKEFAKEFAKE',
  AWS_SECRET_KEY: 'fake/secret/key',
}

export interface FakeAws extends AsyncDisposable {
  readonly world: World
  readonly calls: Call[]
  readonly faults: Fault[]
  /** What a provisioner needs in its environment to talk to this and to nothing else. */
  readonly env: Record<string, string>
  /** Called once an action is done and before its answer leaves; a crash test kills here. */
  onDone: (call: Call, count: number) => void
}

export async function startFakeAws(options: Partial<WorldOptions> = {}): Promise<FakeAws> {
  const world = new World({
    lag: 2,
    hasDefaultVpc: true,
    hasPublicNames: true,
    regions: ['eu-central-1', 'us-west-2'],
    ...options,
  })
  const calls: Call[] = []
  const faults: Fault[] = []
  const service = createServer((request, response) => {
    void answer(request, response)
  })
  service.listen(0, '127.0.0.1')
  await once(service, 'listening')
  const endpoint = `http://127.0.0.1:${(service.address() as AddressInfo).port}`

  const fake: FakeAws = {
    world,
    calls,
    faults,
    env: {
      // The mark of the test runner, under which the provisioner talks to the loopback only.
      NODE_TEST_CONTEXT: 'test',
      AWS_ENDPOINT_URL_EC2: endpoint,
      AWS_ENDPOINT_URL_ROUTE_53: endpoint,
      AWS_EC2_METADATA_DISABLED: 'true',
      SALLYPORT_POLL_SECONDS: '0.01',
      ...fakeKeys,
    },
    onDone: () => {},
    async [Symbol.asyncDispose]() {
      service.closeAllConnections()
      service.close()
      await once(service, 'close')
    },
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
    const body = Buffer.concat(chunks).toString()
    const url = new URL(request.url ?? '/', endpoint)
    const key = /Credential=([^/]+)\//.exec(request.headers.authorization ?? '')?.[1]
    const isEc2 = url.pathname === '/'
    try {
      const sent = isEc2 ? ec2(body, key) : route53(request.method ?? '', url, body, key)
      response.writeHead(200, { 'content-type': 'text/xml' }).end(sent)
    } catch (error) {
      const fault =
        error instanceof AwsFault ? error : new AwsFault('InternalFailure', String(error), 500)
      const { code, message } = fault
      const inner = `<Errors><Error>${writeXml({ Code: code, Message: message })}</Error></Errors>`
      const told = isEc2
        ? `<Response>${inner}<RequestID>fake</RequestID></Response>`
        : route53Error(fault)
      response.writeHead(fault.status, { 'content-type': 'text/xml' }).end(told)
    }
  }

  function ec2(body: string, key: string | undefined): string {
    const params = parseQuery(body)
    const action = text(params, 'Action') ?? ''
    const known = { ...looking, ...changing }
    const act = Object.hasOwn(known, action) ? known[action] : undefined
    if (act === undefined) throw new AwsFault('InvalidAction', `The action ${action} is not valid`)
    if (key !== fakeKeys.AWS_ACCESS_KEY) {
      throw new AwsFault('AuthFailure', 'AWS was not able to validate the access credentials', 401)
    }
    const inner = writeXml(perform({ action, params }, () => act(world, params)))
    return `<?xml version="1.0"?><${action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>fake</requestId>${inner}</${action}Response>`
  }

  function route53(method: string, url: URL, body: string, key: string | undefined): string {
    const call = route53Call(world, method, url, body)
    if (call === undefined) throw new AwsFault('InvalidAction', `${method} ${url.pathname}`, 404)
    if (key !== fakeKeys.AWS_ACCESS_KEY) {
      throw new AwsFault('InvalidClientTokenId', 'The security token is invalid.', 403)
    }
    return perform({ action: call.action, params: {} }, call.answer)
  }

  function perform<Answer>(call: Call, act: () => Answer): Answer {
    calls.push(call)
    const count = calls.length
    const fault = faults.find(
      (one) =>
        one.action === call.action &&
        (one.times === undefined || one.times > 0) &&
        (one.when?.(call.params) ?? true),
    )
    if (fault !== undefined) {
      if (fault.times !== undefined) fault.times--
      throw new AwsFault(fault.code, 'a fault of the test', fault.status ?? 400)
    }
    const result = act()
    fake.onDone(call, count)
    return result
  }

  return fake
}
