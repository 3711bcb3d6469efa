// An instance that is a machine: QEMU boots a Debian whose cloud-init finds its user-data on the
// metadata service, as on EC2. Its power-off is its end, as with "terminate on shutdown". Emulated,
// not by KVM, which machines that are virtual themselves often have in part only.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DebianRoot } from './debian-root.ts'
import { type MetadataService, startMetadataService } from './metadata-service.ts'
import { programPath } from '../requires.ts'
import type { Machine } from './process-cloud.ts'

export interface VirtualMachineOptions {
  readonly root: DebianRoot
  readonly id: string
  readonly userData: string
  /** Its ports 443 and 22 are at this address, 22 as `sshPort`. */
  readonly address: string
  readonly sshPort: number
  /** A port of this machine's loopback that serves Node, at http://169.254.169.253 inside. */
  readonly mirrorPort: number
  readonly onPowerOff: () => void
}

const diskBytes = 2 * 1024 ** 3
/** cloud-init takes a machine for EC2's by this (ds-identify). */
const uuid = 'ec2e1916-9099-7caf-fd21-012345abcdef'

export class VirtualMachine implements Machine {
  readonly #options: VirtualMachineOptions
  readonly #directory = mkdtempSync(join(tmpdir(), 'sallyport-vm-'))
  #metadata: MetadataService | undefined
  #qemu: ChildProcess | undefined
  /** What the console had shown when the machine was taken away. */
  #lastWords: string | undefined

  constructor(options: VirtualMachineOptions) {
    this.#options = options
    machines.add(this)
  }

  async boot(): Promise<void> {
    const { root, id, userData, address, sshPort, mirrorPort } = this.#options
    this.#metadata = await startMetadataService(id, userData)
    const disk = join(this.#directory, 'disk.img')
    writeFileSync(disk, '')
    truncateSync(disk, diskBytes)
    execFileSync('mke2fs', ['-q', '-t', 'ext4', '-d', root.directory, disk])
    const forwards = [
      `hostfwd=tcp:${address}:443-:443`,
      `hostfwd=tcp:${address}:${sshPort}-:22`,
      // A process for each connection: QEMU's own way has one for all of them, which breaks with it.
      `guestfwd=tcp:169.254.169.254:80-cmd:${programPath('nc')} 127.0.0.1 ${this.#metadata.port}`,
      `guestfwd=tcp:169.254.169.253:80-cmd:${programPath('nc')} 127.0.0.1 ${mirrorPort}`,
    ]
    const network = 'net=169.254.169.0/24,host=169.254.169.1,dns=169.254.169.3'
    const log = openSync(join(this.#directory, 'console.log'), 'w')
    const settings = [
      '-machine q35,accel=tcg -cpu max -smp 2 -m 768 -display none -serial stdio',
      `-monitor unix:${this.#monitor},server=on,wait=off`,
      `-kernel ${root.kernel} -initrd ${root.ramDisk}`,
      `-drive file=${disk},if=virtio,format=raw,cache=writethrough`,
      `-smbios type=1,uuid=${uuid},serial=${uuid}`,
      '-device virtio-net-pci,netdev=n,mac=52:54:00:12:34:56',
    ].flatMap((line) => line.split(' '))
    const netdev = `user,id=n,${network},dhcpstart=169.254.169.15,${forwards.join()}`
    const append = ['-netdev', netdev, '-append', 'root=/dev/vda console=ttyS0']
    this.#qemu = spawn('qemu-system-x86_64', [...settings, ...append], {
      stdio: ['ignore', log, log],
    })
    this.#qemu.once('exit', () => this.#options.onPowerOff())
  }

  get #monitor(): string {
    return join(this.#directory, 'monitor')
  }

  /** Questions to the metadata service without a token. */
  get refusedQuestions(): readonly string[] {
    return this.#metadata?.refused ?? []
  }

  /** A power cut, and power again: what was not on the disk is gone. */
  async reset(): Promise<void> {
    const monitor = connect(this.#monitor)
    await new Promise<void>((resolve, reject) => {
      monitor.once('error', reject)
      monitor.once('data', () => monitor.write('system_reset\n', () => resolve()))
    })
    monitor.end()
    monitor.resume()
  }

  console(): string {
    return this.#lastWords ?? readFileSync(join(this.#directory, 'console.log'), 'utf8')
  }

  dispose(): void {
    if (!machines.delete(this)) return
    this.#lastWords = this.console()
    this.#qemu?.removeAllListeners('exit')
    this.#qemu?.kill('SIGKILL')
    void this.#metadata?.[Symbol.asyncDispose]()
    rmSync(this.#directory, { recursive: true, force: true })
  }
}

const machines = new Set<VirtualMachine>()
process.once('exit', () => {
  for (const machine of machines) machine.dispose()
})
