// systemctl for a machine that is a directory: enough of it for our units. Conditions, start, stop and
// Restart=always are real; masks and enablings are written down. Configured by SALLYPORT_ROOT and
// _LISTEN_HOST.
import { spawn } from 'node:child_process'
import { appendFileSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = process.env['SALLYPORT_ROOT'] ?? ''
const host = process.env['SALLYPORT_LISTEN_HOST'] ?? ''
const words = process.argv.slice(2)
const [verb = ''] = words
const units = words.slice(1).filter((word) => !word.startsWith('--'))
if (verb === 'supervise') for (const unit of units) supervise(unit)
else appendFileSync(join(root, 'systemctl.log'), `${words.join(' ')}\n`)
if (verb === 'start') for (const unit of units) start(unit)
if (verb === 'restart') {
  for (const unit of units) {
    stop(unit)
    start(unit)
  }
}
if (verb === 'poweroff') writeFileSync(join(root, 'poweroff'), '')

/** @param {string} unit */
function textOf(unit) {
  return readFileSync(join(root, 'etc/systemd/system', unit), 'utf8')
}

/** @param {string} unit */
function start(unit) {
  const [, not, path = ''] = /^ConditionPathExists=(!?)(.*)$/m.exec(textOf(unit)) ?? []
  if (existsSync(join(root, path)) === (not === '!')) return
  const log = openSync(join(root, 'console.log'), 'a')
  // A process group of its own: who ends the supervisor ends what it supervises.
  const child = spawn(process.execPath, [import.meta.filename, 'supervise', unit], {
    detached: true,
    stdio: ['ignore', log, log],
  })
  appendFileSync(join(root, 'pids'), `${child.pid} ${unit}\n`)
  child.unref()
}

/** As a unit that does not end by itself: by SIGKILL.
 * @param {string} unit */
function stop(unit) {
  for (const line of readFileSync(join(root, 'pids'), 'utf8').split('\n')) {
    const [pid, name] = line.split(' ')
    if (name !== unit) continue
    try {
      process.kill(-Number(pid), 'SIGKILL')
    } catch {
      // Ended by itself.
    }
  }
}

/** @param {string} unit */
function supervise(unit) {
  const text = textOf(unit)
  const [command = '', ...args] = (/^ExecStart=(.*)$/m.exec(text)?.[1] ?? '')
    .split(' ')
    .map((word) => (word.startsWith('/') ? join(root, word) : word))
    // A machine of its own may listen everywhere; this one has one address of the loopback.
    .map((word) => (/^:\d+$/.test(word) ? host + word : word))
  const restart = /^Restart=(.*)$/m.exec(text)?.[1]
  const child = spawn(command, args, { stdio: 'inherit' })
  appendFileSync(join(root, 'starts'), `${unit}\n`)
  child.once('exit', (code) => {
    // RestartSec, shorter.
    const again = () => supervise(unit)
    if (restart === 'always' || (restart === 'on-failure' && code !== 0)) setTimeout(again, 100)
  })
}
