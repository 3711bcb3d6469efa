// A Debian with systemd, cloud-init, a cloud kernel and an ssh server that wants to run, made once
// (mmdebstrap, a minute) and kept below node_modules/.cache.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryRoot } from '../run-program.ts'

const release = 'bookworm'
const packages = [
  'systemd',
  'systemd-sysv',
  'cloud-init',
  'linux-image-cloud-amd64',
  'udev',
  'iproute2',
  'ca-certificates',
  'curl',
  'xz-utils',
  'dbus',
  'netbase',
  'ifupdown',
  'isc-dhcp-client',
  // Installed so that "nothing answers on 22" says something.
  'openssh-server',
]

export interface DebianRoot {
  readonly directory: string
  readonly kernel: string
  readonly ramDisk: string
}

export function makeDebianRoot(): DebianRoot {
  const name = createHash('sha256')
    .update([release, ...packages].join())
    .digest('hex')
    .slice(0, 12)
  const cache = join(repositoryRoot, 'node_modules/.cache/sallyport-vm')
  const directory = join(cache, name)
  if (!existsSync(directory)) {
    const fresh = `${directory}.new`
    mkdirSync(cache, { recursive: true })
    rmSync(fresh, { recursive: true, force: true })
    execFileSync(
      'mmdebstrap',
      ['--quiet', '--variant=minbase', `--include=${packages.join()}`, release, fresh],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    )
    // Ask for EC2's metadata and nothing else; the rest is Debian's own.
    const sources = join(fresh, 'etc/cloud/cloud.cfg.d/90_datasource.cfg')
    writeFileSync(sources, 'datasource_list: [ Ec2 ]\n')
    writeFileSync(join(fresh, 'etc/fstab'), '/dev/vda / ext4 defaults 0 1\n')
    renameSync(fresh, directory)
  }
  const [kernel = ''] = globSync(join(directory, 'boot/vmlinuz-*'))
  const [ramDisk = ''] = globSync(join(directory, 'boot/initrd.img-*'))
  return { directory, kernel, ramDisk }
}
