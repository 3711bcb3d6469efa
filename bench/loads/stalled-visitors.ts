// A load: `count` visitors who ask for a large file, take its first bytes and never read again.
import { connect } from 'node:net'
import { largeFile } from '../origins/nginx.ts'
import { hold } from './hold.ts'
import { readArguments } from './load-arguments.ts'

const { host, number } = readArguments()
const port = number('port')
const request = `GET /${largeFile} HTTP/1.1\r\nHost: ${host}\r\n\r\n`

await hold(number('count'), () => {
  const { promise, resolve, reject } = Promise.withResolvers<ReturnType<typeof connect>>()
  const onFirstBytes = () => {
    socket.setTimeout(0)
    resolve(socket)
    return false // and nothing is read from here on
  }
  const onread = { buffer: Buffer.alloc(1024), callback: onFirstBytes }
  const socket = connect({ host, port, onread })
  socket.on('error', reject)
  socket.setTimeout(10_000, () => socket.destroy(new Error('no first byte within 10 s')))
  socket.write(request)
  return promise
})
