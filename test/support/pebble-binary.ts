// Let's Encrypt's test authority and the DNS that it asks, built once. The first build fetches the module
// through the ordinary Go proxy. Debian's pebble 2.4 is too old: no profiles, no renewal information.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryRoot } from './run-program.ts'

const module = 'github.com/letsencrypt/pebble/v2'
const version = 'v2.10.1'
const directory = join(repositoryRoot, 'node_modules/.cache/sallyport', `pebble-${version}`)
const programs = ['pebble', 'pebble-challtestsrv'] as const

export function pebbleBinary(program: (typeof programs)[number]): string {
  return join(directory, program)
}

/** Builds them when they are not there; a reason when that fails: an old Go, or modules out of reach. */
export function lacksPebble(go: string): string | undefined {
  for (const program of programs) {
    if (existsSync(pebbleBinary(program))) continue
    const { status, stderr, error } = spawnSync(
      go,
      ['install', `${module}/cmd/${program}@${version}`],
      {
        env: { ...process.env, GOBIN: directory, GOFLAGS: '-trimpath', GOTOOLCHAIN: 'local' },
        encoding: 'utf8',
        timeout: 300_000,
      },
    )
    if (status === 0) continue
    const lines = (error?.message ?? stderr).trim().split('\n')
    return `a go that cannot build ${program} ${version} (${lines.at(-1) ?? 'no reason given'})`
  }
  return undefined
}
