// OpenSSH: sshd as the relay, `ssh -N -R` as the agent, with keys and settings of its own.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { userInfo } from 'node:os'
import type { Bench } from '../bench.ts'
import { program, type Peer, type Plan, type PlanOptions } from './peer.ts'

/** Where Debian's and others' sshd wants an empty directory of root's when root starts it. */
const privilegeSeparationDirectory = '/run/sshd'

export function createOpenSsh(id: string, cipher: string, note: string): Peer {
  return {
    id,
    label: `OpenSSH -R, ${note}`,
    protection: 'encrypted',
    programs: ['sshd', 'ssh', 'ssh-keygen'],
    version: ['ssh', '-V'],
    reconnects: false,
    plan: (bench, options) => plan(bench, options, cipher),
  }
}

async function plan(bench: Bench, options: PlanOptions, cipher: string): Promise<Plan> {
  const { door, directory, origins, visitors } = options
  const { relay, agent, relayHost } = bench.topology
  const hostKey = join(directory, 'host_key')
  const userKey = join(directory, 'user_key')
  const keygen = program(bench, 'ssh-keygen')
  for (const file of [hostKey, userKey]) {
    const argv = [keygen, '-q', '-t', 'ed25519', '-N', '', '-f', file]
    await bench.processes.run({ name: 'ssh-keygen', argv, place: relay }, 10_000)
  }
  if (bench.isRoot) await mkdir(privilegeSeparationDirectory, { recursive: true, mode: 0o755 })
  const config = join(directory, 'sshd_config')
  await writeFile(
    config,
    `
ListenAddress ${relayHost}:${door}
HostKey ${hostKey}
AuthorizedKeysFile ${userKey}.pub
PidFile none
UsePAM no
StrictModes no
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
AllowTcpForwarding remote
GatewayPorts clientspecified
PrintMotd no
Ciphers ${cipher}
`,
  )
  const forwards = (['iperf3', 'http', 'late'] as const).flatMap((port) => [
    '-R',
    `${relayHost}:${visitors[port]}:127.0.0.1:${origins[port]}`,
  ])
  const settings = [
    'ExitOnForwardFailure=yes',
    'StrictHostKeyChecking=no',
    'UserKnownHostsFile=/dev/null',
    'IdentitiesOnly=yes',
    'BatchMode=yes',
    `Ciphers=${cipher}`,
  ].flatMap((setting) => ['-o', setting])
  return {
    relay: { name: 'sshd', argv: [program(bench, 'sshd'), '-D', '-e', '-f', config], place: relay },
    agents: [
      {
        name: 'ssh -R',
        argv: [
          program(bench, 'ssh'),
          ['-F', 'none', '-N', '-T', '-i', userKey, '-p', String(door)],
          ...settings,
          ...forwards,
          `${userInfo().username}@${relayHost}`,
        ].flat(),
        place: agent,
      },
    ],
  }
}
