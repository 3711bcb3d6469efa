// A name server (RFC 1035) for tests that answers from zones as they are at that moment: A and TXT, over
// TCP, as pebble asks. What has no record has an empty answer.
import { once } from 'node:events'
import { type AddressInfo, type Socket, createServer } from 'node:net'

export interface ZoneRecord {
  readonly name: string
  readonly type: string
  /** As Route 53 has them: TXT in quotes. */
  readonly values: readonly string[]
}

export interface ZoneDns extends AsyncDisposable {
  readonly port: number
  /** `TXT _acme-challenge.a.test`, in the order asked. */
  readonly asked: readonly string[]
}

const types: Readonly<Record<number, string>> = { 1: 'A', 16: 'TXT' }
const headerBytes = 12

export async function startZoneDns(
  address: string,
  records: () => readonly ZoneRecord[],
): Promise<ZoneDns> {
  const asked: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    let waiting = Buffer.alloc(0)
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      waiting = Buffer.concat([waiting, chunk])
      // RFC 1035 §4.2.2: two bytes of length before each message.
      while (waiting.length >= 2 && waiting.length >= 2 + waiting.readUInt16BE(0)) {
        const end = 2 + waiting.readUInt16BE(0)
        const reply = answerTo(waiting.subarray(2, end))
        waiting = waiting.subarray(end)
        socket.write(Buffer.concat([Buffer.from([reply.length >> 8, reply.length & 255]), reply]))
      }
    })
  })
  function answerTo(query: Buffer): Buffer {
    const { name, type, question } = readQuestion(query)
    asked.push(`${type} ${name}`)
    const values = records()
      .filter((one) => one.name.replace(/\.$/, '') === name && one.type === type)
      .flatMap((one) => one.values)
    return answer(query, question, type, values)
  }
  await once(server.listen(0, address), 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function readQuestion(query: Buffer) {
  const labels: string[] = []
  let at = headerBytes
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  const type = types[query.readUInt16BE(at + 1)] ?? 'other'
  return {
    name: labels.join('.').toLowerCase(),
    type,
    question: query.subarray(headerBytes, at + 5),
  }
}

function answer(query: Buffer, question: Buffer, type: string, values: readonly string[]): Buffer {
  const header = Buffer.from(query.subarray(0, headerBytes))
  // An answer, with authority; one question, so many answers, and nothing else.
  header.writeUInt16BE(0x8580, 2)
  header.writeUInt16BE(values.length, 6)
  header.writeUInt32BE(0, 8)
  const all = values.map((value) => {
    const data =
      type === 'A'
        ? Buffer.from(value.split('.').map(Number))
        : Buffer.from(`${String.fromCharCode(value.length - 2)}${value.slice(1, -1)}`, 'latin1')
    const fixed = Buffer.alloc(12)
    // The name of the question; type, class IN, TTL 0, length.
    fixed.writeUInt16BE(0xc00c, 0)
    fixed.writeUInt16BE(type === 'A' ? 1 : 16, 2)
    fixed.writeUInt16BE(1, 4)
    fixed.writeUInt16BE(data.length, 10)
    return Buffer.concat([fixed, data])
  })
  return Buffer.concat([header, question, ...all])
}
