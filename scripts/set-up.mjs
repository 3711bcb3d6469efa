// Runs a script of this workspace from a fresh clone: `node scripts/set-up.mjs SCRIPT [ARGS]`.
// Plain JavaScript for any Node >= 20. It installs what the lock file names, once, and then runs
// SCRIPT under the Node of the workspace (24), which runs TypeScript as it stands.
import { spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** The text of a file of the workspace, or undefined when there is none. */
function read(path) {
  try {
    return readFileSync(join(root, path), 'utf8')
  } catch {
    return undefined
  }
}

/** pnpm writes node_modules/.pnpm/lock.yaml last, so an equal copy means a finished install. */
function isInstalled() {
  return read('pnpm-lock.yaml') === read('node_modules/.pnpm/lock.yaml')
}

function install() {
  const { packageManager } = JSON.parse(read('package.json') ?? '{}')
  // npm's notices and pnpm's progress go to stderr: stdout belongs to the script.
  const result = spawnSync(
    'npx',
    ['--yes', '--loglevel=error', packageManager, 'install', '--frozen-lockfile'],
    { cwd: root, stdio: ['ignore', 2, 2] },
  )
  if (result.status !== 0) {
    const why = result.error?.message ?? `exit status ${result.status ?? result.signal}`
    console.error(`set-up: installing the dependencies with ${packageManager} failed: ${why}`)
    process.exit(1)
  }
}

if (!isInstalled()) install()

const child = spawn(
  join(root, 'node_modules/.bin/node'),
  ['--conditions=@sallyport/source', ...process.argv.slice(2)],
  { cwd: root, stdio: 'inherit' },
)
// A terminal signals its whole process group, so the child has SIGINT already: a second one from
// here would mean "at once".
process.on('SIGINT', () => {})
process.on('SIGTERM', () => child.kill('SIGTERM'))
child.on('error', (error) => {
  console.error(`set-up: ${error.message}`)
  process.exit(1)
})
child.on('exit', (code, signal) => {
  if (signal) process.kill(process.pid, signal)
  process.exit(code ?? 1)
})
