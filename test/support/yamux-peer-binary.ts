// test/interop/go as a program, built once for each state of its sources. The first build fetches the
// modules that go.sum names through the ordinary Go proxy.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { repositoryRoot } from './run-program.ts'

const sources = join(repositoryRoot, 'test/interop/go')

/** Where the program of today's sources lies, once it was built. */
export function yamuxPeerBinary(): string {
  const hash = createHash('sha256')
  for (const file of globSync('*', { cwd: sources }).sort()) {
    hash.update(`${file}\0`).update(readFileSync(join(sources, file)))
  }
  const name = `yamux-peer-${hash.digest('hex').slice(0, 16)}`
  return join(repositoryRoot, 'node_modules/.cache/sallyport', name)
}

/** Builds it when it is not there; a reason when that fails: an old Go, or modules out of reach. */
export function lacksYamuxPeer(go: string): string | undefined {
  const binary = yamuxPeerBinary()
  if (existsSync(binary)) return undefined
  mkdirSync(dirname(binary), { recursive: true })
  const { status, stderr, error } = spawnSync(go, ['build', '-trimpath', '-o', binary, '.'], {
    cwd: sources,
    env: { ...process.env, GOFLAGS: '-mod=readonly -buildvcs=false', GOTOOLCHAIN: 'local' },
    encoding: 'utf8',
    timeout: 120_000,
  })
  if (status === 0) return undefined
  const lines = (error?.message ?? stderr).trim().split('\n')
  return `a go that cannot build hashicorp/yamux (${lines.at(-1) ?? 'no reason given'})`
}
