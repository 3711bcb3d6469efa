// Tells when a file was changed, however an editor or a deployment does it: written in place, or
// another file renamed to its name. The directory is watched, because a watch on the file itself
// would stay with the old one.
import { watch } from 'node:fs'
import { basename, dirname } from 'node:path'
import { fileSettleMs } from './limits.ts'

/** Calls `onChange` some time after each change; a watch that fails ends silently (SIGHUP is left). */
export function watchFile(path: string, onChange: () => void): Disposable {
  let timer: NodeJS.Timeout | undefined
  const name = basename(path)
  const watcher = startWatch()
  function startWatch() {
    try {
      return watch(dirname(path), { persistent: false }, (_event, changed) => {
        // Kubernetes and systemd change a link beside the file: then no name of ours is told.
        if (changed !== name && changed !== '..data') return
        clearTimeout(timer)
        timer = setTimeout(onChange, fileSettleMs)
      })
    } catch {
      return undefined
    }
  }
  watcher?.on('error', () => watcher.close())
  return {
    [Symbol.dispose]() {
      clearTimeout(timer)
      watcher?.close()
    },
  }
}
