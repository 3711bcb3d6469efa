#!/usr/bin/env -S node --conditions=@sallyport/source --
// The only file of the relay that touches its process.
import { setFlagsFromString } from 'node:v8'
import { engineFlags } from '@sallyport/mux'
import { main } from './main.ts'

for (const flag of engineFlags) setFlagsFromString(flag)

// Whoever read the events has gone away; the relay goes on.
for (const output of [process.stdout, process.stderr]) output.on('error', () => {})
process.exit(await main(process.argv.slice(2), process))
