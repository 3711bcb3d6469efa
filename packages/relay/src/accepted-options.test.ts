import assert from 'node:assert/strict'
import { type Socket, connect, createServer } from 'node:net'
import { platform } from 'node:os'
import test from 'node:test'
import { tcpKeepAliveMs } from '@sallyport/protocol'
import { until } from '../../../test/support/deadline.ts'
import { isKeepAlive, kernelTimer } from '../../../test/support/kernel-timer.ts'
import { listen } from './listening.ts'

test(
  'accepted options: the kernel keeps what was accepted alive',
  { skip: platform() !== 'linux' && 'asks /proc' },
  async () => {
    const server = createServer()
    const accepting = until(server, 'connection')
    const port = await listen(server, '127.0.0.1', 0, 'SP_PORT_TAKEN')
    const dialled = connect(port, '127.0.0.1')
    const [accepted] = (await accepting) as [Socket]
    const timer = await kernelTimer(accepted)
    assert.ok(isKeepAlive(timer), timer.kind)
    const { seconds } = timer
    assert.ok(seconds > 50 && seconds <= tcpKeepAliveMs / 1_000, `${seconds} s`)
    assert.ok(!isKeepAlive(await kernelTimer(dialled)), 'the other end asked for none')
    accepted.destroy()
    dialled.destroy()
    server.close()
  },
)
