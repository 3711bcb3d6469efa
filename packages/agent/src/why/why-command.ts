// `agent why [TARGET|NAME|URL]`: its words, what it prints, its exit code.
import { ExitCode, errorTable } from '@sallyport/protocol'
import type { CommandLine } from '../command-line.ts'
import type { AgentConfig } from '../config.ts'
import { createRelayDialler } from '../relay-dialler.ts'
import type { Hop } from './hop.ts'
import { brokenOf, why } from './why.ts'
import { hopLines, verdictLine } from './why-lines.ts'
import { type WhyWorld, realWhyWorld } from './why-world.ts'

/** A URL in TARGET's place is the public one, unless --url says that. */
export function whyCommandLine({ words, flags }: CommandLine): CommandLine {
  const [command = 'why', word, ...rest] = words
  if (word === undefined || !word.includes('://') || flags.has('url')) return { words, flags }
  return { words: [command, ...rest], flags: new Map([...flags, ['url', [word]]]) }
}

/** @returns the exit code: that of what is broken. */
export async function runWhy(
  config: AgentConfig,
  stdout: { write(text: string): unknown },
  world: Partial<WhyWorld> = {},
): Promise<number> {
  const { join, httpProxy, urls, json } = config
  const asked = urls.length > 0 ? urls : [{ kind: 'https' } as const]
  const routes = config.routes.length > 0 ? config.routes : asked.map((url) => ({ url }))
  const hops: Hop[] = []
  const found = why(
    { join, httpProxy, routes },
    { ...realWhyWorld, dialRelay: createRelayDialler(httpProxy), ...world },
  )
  let shownRoute: string | undefined
  for await (const hop of found) {
    hops.push(hop)
    if (json) stdout.write(`${JSON.stringify({ v: 1, event: 'hop', ...hop })}\n`)
    else {
      if (hop.route !== undefined && hop.route !== shownRoute) stdout.write(`${hop.route}\n`)
      shownRoute = hop.route
      for (const line of hopLines(hop)) stdout.write(`  ${line}\n`)
    }
  }
  const broken = brokenOf(hops)
  const exit = broken ? errorTable[broken.code ?? 'SP_INTERNAL'].exit : ExitCode.ok
  if (json) {
    const reason = broken && { hop: broken.hop, code: broken.code, message: broken.text }
    stdout.write(`${JSON.stringify({ v: 1, event: 'why', exit, ...reason })}\n`)
  } else stdout.write(`${verdictLine(broken)}\n`)
  return exit
}
