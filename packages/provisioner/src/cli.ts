#!/usr/bin/env -S node --conditions=@sallyport/source --
// The `provisioner` command: hands the process to program.ts and its exit code back.
import { runProgram } from './program.ts'

const interrupt = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // The second one ends at once; the state file is good at any moment.
    if (interrupt.signal.aborted) process.exit(signal === 'SIGINT' ? 130 : 143)
    interrupt.abort()
  })
}

process.exitCode = await runProgram({
  args: process.argv.slice(2),
  env: process.env,
  output: {
    out: (line) => console.log(line),
    error: (line) => console.error(line),
  },
  signal: interrupt.signal,
})
