// What every accepted socket gets: TCP keep-alive, and no waiting for company (TCP_NODELAY). Linux copies
// both from the socket that listens, which spares five system calls for each visitor; tcp(7) does not
// say so of every system, so elsewhere each socket is told. accepted-options.test.ts asks the kernel.
import type { Server, Socket } from 'node:net'
import { platform } from 'node:os'
import { tcpKeepAliveMs } from '@sallyport/protocol'

/** Undocumented, but the same class as a connected socket's, whose methods are public through it. */
interface ListeningHandle {
  setKeepAlive?(isOn: boolean, seconds: number): number
  setNoDelay?(isOn: boolean): number
}

/** For a server that listens. */
export function setAcceptedOptions(server: Server): void {
  if (platform() === 'linux' && setOnListener(server)) return
  server.on('connection', (socket: Socket) => {
    socket.setKeepAlive(true, tcpKeepAliveMs)
    socket.setNoDelay(true)
  })
}

function setOnListener(server: Server): boolean {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each call is looked for, and its result
  const { _handle: handle } = server as unknown as { _handle?: ListeningHandle | null }
  return (
    handle?.setKeepAlive?.(true, tcpKeepAliveMs / 1_000) === 0 && handle.setNoDelay?.(true) === 0
  )
}
