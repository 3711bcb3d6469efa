// A load: `count` visitors one after another who send `bytes`, end their side, and then read to the end:
// the origin's late answer must say how many bytes came. Prints the time of each.
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { readArguments } from './load-arguments.ts'
import { LoadLog } from './load-result.ts'

const { host, number } = readArguments()
const port = number('port')
const bytes = Buffer.alloc(number('bytes'), 'x')

const log = new LoadLog()
for (let index = 0; index < number('count'); index += 1) {
  const start = performance.now()
  const socket = connect({ host, port, allowHalfOpen: true })
  socket.setTimeout(2_000, () => socket.destroy(new Error('no end within 2 s')))
  socket.end(bytes)
  try {
    const answer = await text(socket)
    if (answer !== `${bytes.length}\n`) throw new Error(`the answer was ${JSON.stringify(answer)}`)
    log.add(performance.now() - start)
  } catch (error) {
    log.fail(error)
  }
  socket.destroy()
}
log.print()
