// The reverse proxy of the exercise: `revproc.ts -port 8000`. Servers register here; requests go round the
// live servers of their policy. One that cannot be reached is dead until a look every second finds it
// again, and the request goes to the next.
import { once } from 'node:events'
import { type Socket, connect, createServer } from 'node:net'
import { type Packet, field, flags, receive, send } from './packet.ts'
import { PolicyTable, type PolicyServer } from './policy-table.ts'

const lookEveryMs = 1_000
const port = Number(flags(process.argv.slice(2)).get('-port') ?? '8000')
const table = new PolicyTable()

async function reach({ ip, port: at }: PolicyServer): Promise<Socket | undefined> {
  const socket = connect(at, ip)
  const isOpen = await Promise.race([
    once(socket, 'connect').then(
      () => true,
      () => false,
    ),
    once(socket, 'close').then(
      () => false,
      () => false,
    ),
  ])
  return isOpen ? socket : undefined
}

async function look(server: PolicyServer): Promise<void> {
  const socket = await reach(server)
  socket?.destroy()
  server.isAlive = socket !== undefined
}

function setUp(socket: Socket, packet: Packet): void {
  const [id, policy] = [field(packet, 'id'), field(packet, 'privacy_policy')]
  const ip = (socket.remoteAddress ?? '').replace(/^::ffff:/, '')
  const listensAt = Number(field(packet, 'port'))
  console.log(
    `Received setup message from server id ${id} ip ${ip} privacy policy ${policy} port ${listensAt}`,
  )
  table.register(policy, { id, ip, port: listensAt, isAlive: true })
  console.log(String(table))
  send(socket, { Status: 'Successfully setup with reverse proxy' })
}

/** Asks one server after the other until one answers: a request changes nothing on a server. */
async function forward(packet: Packet): Promise<Packet> {
  const policy = field(packet, 'privacy_policy')
  const payload = field(packet, 'payload')
  console.log(`Received a message from client ${field(packet, 'id')} payload ${payload}`)
  if (!table.has(policy)) return { Error: `Unknown privacy policy ${policy}` }
  for (;;) {
    const server = table.next(policy)
    if (!server) return { Error: `Every server of privacy policy ${policy} is dead` }
    const { id, ip } = server
    console.log(
      `Forwarding a data message to server id ${id} server ip ${ip} port ${server.port} payload ${payload}`,
    )
    const socket = await reach(server)
    if (socket) send(socket, packet)
    const answer = socket && (await receive(socket))
    socket?.destroy()
    if (answer) {
      console.log(
        `Received a data message from server id ${id} payload ${field(answer, 'payload')}`,
      )
      return answer
    }
    server.isAlive = false
  }
}

const front = createServer((socket) => {
  socket.on('error', () => {})
  void receive(socket).then(async (packet) => {
    if (!packet) return socket.destroy()
    if (packet['type'] === 'setup') setUp(socket, packet)
    else send(socket, await forward(packet))
    return socket.end()
  })
})
front.listen(port, '127.0.0.1', () => console.log(`Running the reverse proxy on port ${port}`))
setInterval(() => void Promise.all(table.all().map(look)), lookEveryMs)
