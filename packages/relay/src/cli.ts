#!/usr/bin/env -S node --conditions=@sallyport/source --
// The only file of the relay that touches its process.
import { setFlagsFromString } from 'node:v8'
import { main } from './main.ts'

// A young generation that stays small. Left to itself it grows to 64 MiB under a burst of visitors and
// keeps them; what lives longer than a moment here is a visitor, and old at once (docs/adr/0006).
setFlagsFromString('--semi-space-growth-factor=1')
// What runs often is compiled once and for good, after 400 calls, not first by halves and again after 3,000:
// the first thousands of visitors cost a third less, and tens of MiB less stay resident (docs/adr/0006).
setFlagsFromString('--no-maglev')
setFlagsFromString('--invocation-count-for-turbofan=400')

// Whoever read the events has gone away; the relay goes on.
for (const output of [process.stdout, process.stderr]) output.on('error', () => {})
process.exit(await main(process.argv.slice(2), process))
