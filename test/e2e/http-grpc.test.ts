// gRPC as people run it on Node, client and server, on an https route of a real relay and agent.
import assert from 'node:assert/strict'
import test from 'node:test'
import {
  Client,
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServiceDefinition,
  type ServiceError,
  type StatusObject,
  type UntypedServiceImplementation,
  credentials,
  status,
} from '@grpc/grpc-js'
import { deadline } from '../support/deadline.ts'
import { askHttp2, openHttp2 } from '../support/http-visit.ts'
import { startInProcessRelay } from '../support/in-process-relay.ts'
import { joinAgent } from '../support/joined-agent.ts'

const name = 'app.test'

const asIs = (bytes: Buffer): Buffer => bytes
const method = (path: string, requestStream: boolean, responseStream: boolean) => ({
  path: `/Echo/${path}`,
  requestStream,
  responseStream,
  requestSerialize: asIs,
  requestDeserialize: asIs,
  responseSerialize: asIs,
  responseDeserialize: asIs,
})
const service: ServiceDefinition = {
  once: method('Once', false, false),
  both: method('Both', true, true),
  refuse: method('Refuse', false, false),
}
const handlers: UntypedServiceImplementation = {
  once: (
    call: { request: Buffer; metadata: Metadata },
    answer: (error: null, reply: Buffer, trailers: Metadata) => void,
  ) => {
    const trailers = new Metadata()
    trailers.set('x-for', String(call.metadata.get('x-forwarded-for')[0]))
    answer(null, call.request, trailers)
  },
  both: (call: ServerDuplexStream<Buffer, Buffer>) => {
    call.on('data', (message: Buffer) => call.write(message))
    call.on('end', () => call.end())
  },
  refuse: (_call: unknown, answer: (error: Partial<ServiceError>) => void) =>
    answer({ code: status.PERMISSION_DENIED, details: 'not you' }),
}

/** A gRPC server, and a client that reaches it through the tunnel only. */
async function grpcRoute() {
  const stack = new AsyncDisposableStack()
  const relay = stack.use(await startInProcessRelay())
  const server = new Server()
  server.addService(service, handlers)
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  )
  stack.defer(() => server.forceShutdown())
  stack.use(await joinAgent(relay, port, { url: `https://${name}` }))
  const anyCertificate = credentials.createSsl(null, null, null, { rejectUnauthorized: false })
  const client = new Client(`127.0.0.1:${relay.port}`, anyCertificate, {
    'grpc.ssl_target_name_override': name,
    'grpc.default_authority': name,
  })
  stack.defer(() => client.close())
  return { client, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

interface Reply {
  readonly error: ServiceError | null
  readonly body: Buffer | undefined
  readonly end: StatusObject
}

async function callOnce(client: Client, path: string, message: Buffer): Promise<Reply> {
  const replied = Promise.withResolvers<Omit<Reply, 'end'>>()
  const ended = Promise.withResolvers<StatusObject>()
  const call = client.makeUnaryRequest(path, asIs, asIs, message, (error, body) =>
    replied.resolve({ error, body }),
  )
  call.on('status', ended.resolve)
  return await deadline(
    replied.promise.then(async (reply) => ({ ...reply, end: await ended.promise })),
    10_000,
    'reply',
  )
}

test('https route: gRPC calls are answered, with their trailers and statuses', async () => {
  await using route = await grpcRoute()
  for (const length of [0, 5, 100_000, 1_000_000]) {
    const message = Buffer.alloc(length, 'g')
    const { body, end } = await callOnce(route.client, '/Echo/Once', message)
    assert.ok(body?.equals(message))
    assert.deepEqual(end.metadata.get('x-for'), ['127.0.0.1'])
  }
  const { error } = await callOnce(route.client, '/Echo/Refuse', Buffer.alloc(1))
  assert.deepEqual([error?.code, error?.details], [status.PERMISSION_DENIED, 'not you'])
})

test('https route: a gRPC stream carries each message at once, both ways', async () => {
  await using route = await grpcRoute()
  const call = route.client.makeBidiStreamRequest('/Echo/Both', asIs, asIs)
  const replies: AsyncIterator<unknown, unknown> = call[Symbol.asyncIterator]()
  for (let index = 0; index < 100; index++) {
    const message = Buffer.from(`message ${index}`)
    call.write(message)
    const { value } = await deadline(replies.next(), 10_000, `message ${index}`)
    assert.equal(String(value), message.toString())
  }
  call.end()
  assert.equal((await deadline(replies.next(), 10_000, 'end')).done, true)
})

test('https route: where no gRPC server listens, the call is unavailable', async () => {
  await using relay = await startInProcessRelay()
  await using _agent = await joinAgent(relay, 9, { url: `https://${name}` })
  const anyCertificate = credentials.createSsl(null, null, null, { rejectUnauthorized: false })
  const client = new Client(`127.0.0.1:${relay.port}`, anyCertificate, {
    'grpc.ssl_target_name_override': name,
    'grpc.default_authority': name,
  })
  const { error } = await callOnce(client, '/Echo/Once', Buffer.alloc(1))
  client.close()
  assert.equal(error?.code, status.UNAVAILABLE)
  const session = openHttp2(relay.port, name)
  const headers = { ':method': 'POST', 'content-type': 'application/grpc' }
  const answer = await askHttp2(session, headers)
  session.destroy()
  assert.equal(answer.status, 502)
  assert.equal(answer.headers['sallyport-error'], 'SP_ORIGIN_REFUSED')
})
