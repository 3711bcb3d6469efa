import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { test } from 'node:test'
import {
  cpuSeconds,
  isConnected,
  isListening,
  parseMachineTime,
  parseStat,
  processTree,
  residentBytes,
} from './proc.ts'

test('parseStat: a name with brackets and spaces moves no field', () => {
  const fields = 'S 41 9593 9593 0 -1 4194304 104 0 0 0 250 50 7 8 20 0 1 0 85316 3022848 388'
  assert.deepEqual(parseStat(`9601 (a) b (c)) ${fields}`), {
    pid: 9601,
    parent: 41,
    cpuSeconds: 3,
    endedCpuSeconds: 0.15,
  })
})

test('parseMachineTime: all cores together; interrupts and waiting are not busy', () => {
  const text = 'cpu  1000 100 500 8000 50 7 300 43 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\nintr 5\n'
  assert.deepEqual(parseMachineTime(text), { total: 100, busy: 16, stolen: 0.43 })
})

test('proc: this process has used CPU and memory and stands first in its tree', () => {
  assert.ok(cpuSeconds([process.pid]) > 0)
  assert.ok(residentBytes([process.pid]) > 10 * 2 ** 20)
  assert.equal(processTree(process.pid)[0], process.pid)
})

test('isListening: tells a port that is listened on from one that was', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  assert.equal(isListening(process.pid, port), true)
  assert.equal(isConnected(process.pid, port), false)
  const visitor = connect(port, '127.0.0.1')
  const [accepted] = (await once(server, 'connection')) as [Socket]
  assert.equal(isConnected(process.pid, port), true)
  accepted.destroy()
  visitor.destroy()
  server.close()
  await once(server, 'close')
  assert.equal(isListening(process.pid, port), false)
})
