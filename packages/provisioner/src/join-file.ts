// The join string in a file of its own beside the state, 0600: what SALLYPORT_JOIN_FILE names.
import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'

/** The path of the file that was written. */
export function writeJoinFile(stateFile: string, joinString: string): string {
  const path = joinFileOf(stateFile)
  const fresh = `${path}.new`
  rmSync(fresh, { force: true })
  const file = openSync(fresh, 'wx', 0o600)
  writeSync(file, `${joinString}\n`)
  closeSync(file)
  renameSync(fresh, path)
  return path
}

export function joinFileOf(stateFile: string): string {
  return `${stateFile.replace(/\.json$/, '')}.join`
}
