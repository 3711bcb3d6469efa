// systemctl for a machine that is a directory: enough of it for our two units. Conditions, start and
// stop are real; masks and enablings are written down. Configured by SALLYPORT_ROOT and _LISTEN_HOST.
import { spawn } from 'node:child_process'
import { appendFileSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = process.env['SALLYPORT_ROOT'] ?? ''
const host = process.env['SALLYPORT_LISTEN_HOST'] ?? ''
const words = process.argv.slice(2)
const [verb = ''] = words
const units = words.slice(1).filter((word) => !word.startsWith('--'))
appendFileSync(join(root, 'systemctl.log'), `${words.join(' ')}\n`)
if (verb === 'start') for (const unit of units) start(unit)
if (verb === 'poweroff') writeFileSync(join(root, 'poweroff'), '')

/** @param {string} unit */
function start(unit) {
  const text = readFileSync(join(root, 'etc/systemd/system', unit), 'utf8')
  const [, not, path = ''] = /^ConditionPathExists=(!?)(.*)$/m.exec(text) ?? []
  if (existsSync(join(root, path)) === (not === '!')) return
  const [command = '', ...args] = (/^ExecStart=(.*)$/m.exec(text)?.[1] ?? '')
    .split(' ')
    .map((word) => (word.startsWith('/') ? join(root, word) : word))
    // A machine of its own may listen everywhere; this one has one address of the loopback.
    .map((word) => (/^:\d+$/.test(word) ? host + word : word))
  const log = openSync(join(root, 'console.log'), 'a')
  const child = spawn(command, args, { detached: true, stdio: ['ignore', log, log] })
  appendFileSync(join(root, 'pids'), `${child.pid}\n`)
  child.unref()
}
