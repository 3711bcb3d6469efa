// The one place that asks what the machine has. A test says what it needs:
//
//   test('nc: a half-close brings the late reply', requires('nc'), async () => …)
//
// Absent = the test is skipped and the report says why. Under SALLYPORT_REQUIRE_ALL=1 (.ci/run,
// which installs everything) it fails instead: a skip there would hide that nothing was tested.
import { spawnSync } from 'node:child_process'
import { accessSync, constants, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { lacksPebble } from './pebble-binary.ts'
import { lacksYamuxPeer } from './yamux-peer-binary.ts'

interface Requirement {
  /** The programs that must be there; the first one is what `programPath` gives. */
  readonly programs: readonly string[]
  /** What to install on Debian or Ubuntu. */
  readonly install: string
  /** Where the first program is, when not in PATH or not the first of its name there. */
  readonly locate?: () => string | undefined
  /** Absent = being there is enough. Otherwise a reason why what is there will not do. */
  readonly unfit?: (path: string) => string | undefined
}

export const requirements = {
  chromium: { programs: ['chromium'], install: 'chromium' },
  curl: { programs: ['curl'], install: 'curl' },
  go: { programs: ['go'], install: 'golang-go' },
  h2load: { programs: ['h2load'], install: 'nghttp2-client' },
  nghttp: { programs: ['nghttp'], install: 'nghttp2-client' },
  h11: { programs: ['python3'], install: 'python3-h11', locate: pythonWithH11, unfit: lacksH11 },
  iperf3: { programs: ['iperf3'], install: 'iperf3' },
  mmdebstrap: { programs: ['mmdebstrap'], install: 'mmdebstrap' },
  moto: { programs: ['moto_server'], install: 'moto' },
  nc: { programs: ['nc'], install: 'netcat-openbsd', unfit: lacksHalfClose },
  nginx: { programs: ['nginx'], install: 'nginx-light' },
  openssl: { programs: ['openssl'], install: 'openssl' },
  /** Let's Encrypt's test authority itself, 2.10: Go 1.24 or later. */
  pebble: { programs: ['go'], install: 'golang-go', unfit: lacksPebble },
  prlimit: { programs: ['prlimit'], install: 'util-linux' },
  qemu: { programs: ['qemu-system-x86_64', 'mke2fs'], install: 'qemu-system-x86' },
  postgres: { programs: ['postgres', 'psql'], install: 'postgresql', locate: locatePostgres },
  redis: { programs: ['redis-server', 'redis-cli'], install: 'redis-server' },
  ssh: { programs: ['ssh', 'ssh-keygen', 'scp'], install: 'openssh-client' },
  script: { programs: ['script'], install: 'bsdutils' },
  sshd: { programs: ['sshd'], install: 'openssh-server' },
  systemd: { programs: ['systemd-analyze'], install: 'systemd' },
  testssl: { programs: ['testssl'], install: 'testssl.sh' },
  tinyproxy: { programs: ['tinyproxy'], install: 'tinyproxy-bin' },
  wrk: { programs: ['wrk'], install: 'wrk' },
  /** hashicorp/yamux itself, built from test/interop/go: Go 1.23 or later. */
  yamux: { programs: ['go'], install: 'golang-go', unfit: lacksYamuxPeer },
} as const satisfies Record<string, Requirement>

export type Requires = keyof typeof requirements

/** Test options: runs when the machine has everything that is named, else skips with the reason. */
export function requires(...names: readonly Requires[]): { skip?: string } {
  return skipUnless(
    names.map((name) => requirements[name]),
    process.env['SALLYPORT_REQUIRE_ALL'] === '1',
  )
}

/** What `requires` does, for any requirements: exported for its test. */
export function skipUnless(needed: readonly Requirement[], requireAll: boolean): { skip?: string } {
  const missing = needed.map(whyNot).filter((reason) => reason !== undefined)
  if (missing.length === 0) return {}
  const reason = `this machine has ${missing.join(' and ')}`
  if (requireAll) throw new Error(`${reason}, and SALLYPORT_REQUIRE_ALL=1 lets no test be skipped`)
  return { skip: reason }
}

/** The path of the program that a requirement is about; throws when the machine has none. */
export function programPath(name: Requires): string {
  const requirement: Requirement = requirements[name]
  const [program = name] = requirement.programs
  const path = requirement.locate?.() ?? find(program)
  if (path === undefined) throw new Error(`this machine has no ${program}`)
  return path
}

function whyNot({ programs, install, locate, unfit }: Requirement): string | undefined {
  for (const program of programs) {
    const path = locate?.() ?? find(program)
    const fault = path === undefined ? `no ${program}` : unfit?.(path)
    if (fault !== undefined) return `${fault} (package ${install})`
  }
  return undefined
}

/** Daemons and Go lie in directories that a plain user's PATH often lacks. */
const furtherDirectories = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/local/go/bin']

function find(program: string): string | undefined {
  const directories = [
    ...(process.env['PATH'] ?? '').split(':').filter((directory) => directory !== ''),
    ...furtherDirectories,
  ]
  return directories.map((directory) => join(directory, program)).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Debian keeps each version's programs in a directory of its own, outside any PATH. */
function locatePostgres(): string | undefined {
  const base = '/usr/lib/postgresql'
  let versions: readonly string[] = []
  try {
    versions = readdirSync(base).sort((one, other) => Number(other) - Number(one))
  } catch {
    // Another system: in PATH, or not there.
  }
  const paths = versions.map((version) => join(base, version, 'bin', 'postgres'))
  return paths.find(isExecutable) ?? find('postgres')
}

/** Where initdb and postgres are. */
export function postgresDirectory(): string {
  return dirname(programPath('postgres'))
}

/** Only OpenBSD's nc has -N, which half-closes at the end of its input. */
function lacksHalfClose(path: string): string | undefined {
  const help = spawnSync(path, ['-h'], { encoding: 'utf8', timeout: 5_000 })
  return /^\s+-N\s/m.test(help.stdout + help.stderr) ? undefined : 'no nc with -N'
}

/** Debian's Python has Debian's modules, but another one may come before it in PATH. */
function pythonWithH11(): string | undefined {
  const candidates = [process.env['SALLYPORT_TEST_PYTHON'] ?? '', '/usr/bin/python3']
  return candidates.find((path) => path !== '' && lacksH11(path) === undefined)
}

function lacksH11(path: string): string | undefined {
  const { status } = spawnSync(path, ['-c', 'import h11'], { timeout: 10_000 })
  return status === 0 ? undefined : 'no h11 in its python3'
}
