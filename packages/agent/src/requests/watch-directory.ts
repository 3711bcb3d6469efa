// Changes below a directory, a burst of them told as one: editors and builds write many files at once.
import { type FSWatcher, watch } from 'node:fs'
import type { Clock, Timer } from '@sallyport/mux'
import { badInput } from '@sallyport/protocol'
import { fileErrorCode } from '@sallyport/settings'
import { changeQuietMs } from '../limits.ts'

/** What programs write beside what a person does. */
const leftOut = /(^|[/\\])(\.git|node_modules|__pycache__|\.venv)([/\\]|$)|~$|\.sw[a-z]$/

/** Tells after each burst, when nothing has changed for a moment. @throws {SallyportError} SP_USAGE. */
export function watchDirectory(path: string, clock: Clock, onChange: () => void): Disposable {
  let timer: Timer | undefined
  let watcher: FSWatcher
  try {
    watcher = watch(path, { recursive: true })
  } catch (error) {
    const right = `a directory that can be read (${fileErrorCode(error)})`
    throw badInput('SP_USAGE', { what: 'directory', where: '--on-change', value: path, right })
  }
  watcher.on('error', () => {})
  watcher.on('change', (_event, name) => {
    if (leftOut.test(String(name ?? ''))) return
    if (timer) clock.clearTimeout(timer)
    timer = clock.setTimeout(() => {
      timer = undefined
      onChange()
    }, changeQuietMs)
  })
  return {
    [Symbol.dispose]: () => {
      if (timer) clock.clearTimeout(timer)
      watcher.close()
    },
  }
}
