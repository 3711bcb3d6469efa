// The launch's user-data: a cloud-config (JSON is YAML) that shuts ssh out, fetches Node and starts
// stage 0. Whoever can read it learns nothing that is worth anything once the claim is committed.
// https://docs.cloud-init.io/en/latest/reference/modules.html
import { gzipSync } from 'node:zlib'
import { SallyportError } from '@sallyport/protocol'
import {
  fetchNodeScript,
  networkSettings,
  relayDirectory,
  relayUnit,
  stage0Unit,
  watchScript,
} from './bootstrap-files.ts'
import { maxUserDataBytes } from './limits.ts'
import type { NodeRelease } from './node-release.ts'

export interface UserDataOptions {
  readonly relayPort: number
  /** Raw Ed25519 public key. */
  readonly deployKey: Uint8Array
  /** K: proves to us that we talk to this launch; of no use after the claim. base64url. */
  readonly secret: string
  readonly stage0: string
  readonly launcher: string
  readonly node: NodeRelease
  /** Seconds since 1970 at which the machine ends itself, claimed or not. */
  readonly endsAt?: number | undefined
  /** Minutes without agent and visitor after which it ends itself. */
  readonly idleMinutes?: number | undefined
}

/** Unclaimed, the machine powers itself off, and EC2 terminates it (docs/aws.md). */
const unclaimedSeconds = 900

const networkFile = '/etc/sysctl.d/60-sallyport.conf'

/** Nobody logs in, whatever may start an ssh daemon one day. (Empty lists, which would make no user
 * and no host key, are refused by the schema of cloud-init 22.) */
const noLogins = { ssh_pwauth: false, disable_root: true, ssh_genkeytypes: ['ed25519'] }

/** The text; throws SP_INTERNAL when it would not fit into EC2's 16 KB. */
export function createUserData(options: UserDataOptions): string {
  const deployKey = Buffer.from(options.deployKey).toString('base64url')
  const parameters = {
    port: options.relayPort,
    deployKey,
    secret: options.secret,
    directory: relayDirectory,
    startCommand: ['systemctl', 'start', '--no-block', 'sallyport-relay.service'],
  }
  const config = {
    // The very first things that this machine does, before its network is up.
    bootcmd: [
      ['systemctl', 'mask', '--now', '--no-block', 'ssh.service', 'ssh.socket'],
      ['sh', '-c', armPowerOff],
      ['sh', '-c', watch],
      ...(options.endsAt === undefined ? [] : [['sh', '-c', endAt(options.endsAt)]]),
    ],
    ...noLogins,
    write_files: [
      file('/opt/sallyport/stage0.mjs', '0644', options.stage0),
      file('/opt/sallyport/stage0.json', '0600', JSON.stringify(parameters)),
      file('/opt/sallyport/launch.mjs', '0644', options.launcher),
      file('/opt/sallyport/watch.sh', '0755', watchScript(options.idleMinutes)),
      file('/opt/sallyport/fetch-node.sh', '0755', fetchNodeScript(options.node)),
      file(networkFile, '0644', networkSettings),
      file('/etc/systemd/system/sallyport-stage0.service', '0644', stage0Unit),
      file(
        '/etc/systemd/system/sallyport-relay.service',
        '0644',
        relayUnit(options.relayPort, deployKey),
      ),
    ],
    runcmd: [
      // Later boots read the file by themselves, this one came too far for that.
      ['sysctl', '-p', networkFile],
      ['/opt/sallyport/fetch-node.sh'],
      ['systemctl', 'daemon-reload'],
      ['systemctl', 'enable', 'sallyport-stage0.service', 'sallyport-relay.service'],
      // Once claimed, it is to outlive a power cut; the kernel alone would write Node within half a minute.
      ['sync'],
      ['systemctl', 'start', '--no-block', 'sallyport-stage0.service'],
    ],
  }
  const text = `#cloud-config\n${JSON.stringify(config)}\n`
  const bytes = Buffer.byteLength(text)
  if (bytes <= maxUserDataBytes) return text
  throw new SallyportError(
    'SP_INTERNAL',
    `user-data has ${bytes} bytes, EC2 takes ${maxUserDataBytes}`,
  )
}

/** systemd-run waits until its timer is started, which is not before this stage of the boot is over,
 * and this stage waits for its commands (--no-block does not count for timers): hence behind. */
const behind = '</dev/null >/dev/null 2>&1 &'

/** Looks at the marker when the time is up: a claimed machine stays. Runs at every boot. */
const armPowerOff = [
  `systemd-run --on-active=${unclaimedSeconds} --unit=sallyport-unclaimed`,
  `/bin/sh -c '[ -e /var/lib/sallyport/claimed ] || systemctl poweroff' ${behind}`,
].join(' ')

/** Once a minute for as long as the machine runs. */
const watch = `systemd-run --on-calendar=minutely --unit=sallyport-watch /opt/sallyport/watch.sh ${behind}`

/** By the clock, so that a reboot does not begin the time anew. */
function endAt(seconds: number): string {
  const later = `systemd-run --on-calendar=@${seconds} --unit=sallyport-ttl systemctl poweroff`
  return `if [ "$(date +%s)" -ge ${seconds} ]; then systemctl poweroff; else ${later} ${behind} fi`
}

function file(path: string, permissions: string, text: string) {
  const content = gzipSync(text, { level: 9 }).toString('base64')
  return { path, permissions, encoding: 'gz+b64', content }
}
