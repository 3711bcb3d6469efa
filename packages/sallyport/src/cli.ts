#!/usr/bin/env -S node --conditions=@sallyport/source --
// `sallyport relay …` and `sallyport agent …`: the programs under one name. Only what is asked for is
// loaded.
// Whoever read the events has gone away; the program goes on.
for (const output of [process.stdout, process.stderr]) output.on('error', () => {})

const [program, ...words] = process.argv.slice(2)

async function run(): Promise<number> {
  if (program === 'relay') return (await import('@sallyport/relay')).main(words, process)
  if (program === 'agent') return (await import('@sallyport/agent')).main(words, process)
  if (program === '--help' || program === '-h' || program === 'help') {
    console.log('sallyport relay …   the public end\nsallyport agent …   the end beside a service')
    return 0
  }
  const what =
    program === undefined ? 'a program is missing' : `no program ${JSON.stringify(program)}`
  console.error(`sallyport: ${what}; there are relay and agent (SP_USAGE)`)
  return 2
}

process.exit(await run())
