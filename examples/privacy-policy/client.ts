// A client of the exercise: `client.ts -id 1 -revproc 8000 -pkt FILE [-host HOST]`. FILE holds one JSON
// packet with privacy_policy and payload. Compares the answer with the payload's SHA-1.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { field, flags, parsePacket, receive, send } from './packet.ts'

const given = flags(process.argv.slice(2))
const port = Number(given.get('-revproc') ?? '8000')
const packet = parsePacket(readFileSync(given.get('-pkt') ?? '', 'utf8')) ?? {}
const socket = connect(port, given.get('-host') ?? '127.0.0.1')
socket.on('error', (error) => console.error(error.message))
socket.on('connect', () => console.log(`Socket connected on port ${port}`))
send(socket, { ...packet, type: 'data', id: given.get('-id') ?? '1' })
const answer = await receive(socket)
socket.destroy()
const expected = createHash('sha1').update(field(packet, 'payload')).digest('hex')
if (answer && field(answer, 'payload') === expected) console.log('Hash matched.')
else {
  console.log(answer ? field(answer, 'Error') || 'Hash did not match.' : 'No answer.')
  process.exitCode = 1
}
