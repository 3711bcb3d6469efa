// Every peer that can be measured, ours first.
import { bore } from './bore.ts'
import { chisel } from './chisel.ts'
import { direct } from './direct.ts'
import { frp } from './frp.ts'
import { createOpenSsh } from './openssh.ts'
import { createOurs } from './ours.ts'
import type { Peer } from './peer.ts'
import { createRathole } from './rathole.ts'

export const allPeers: readonly Peer[] = [
  createOurs(1),
  createOurs(4),
  createOpenSsh('openssh-aes128', 'aes128-gcm@openssh.com', 'aes128-gcm'),
  createOpenSsh('openssh', 'chacha20-poly1305@openssh.com', 'chacha20 (default)'),
  createRathole('plain'),
  createRathole('tls'),
  createRathole('noise'),
  frp,
  chisel,
  bore,
  direct,
]

/** Measured when no `--peers` says otherwise: `ours-4` is for lossy links, `direct` for `--direct`. */
export function defaultPeers(wan: boolean, withDirect: boolean): Peer[] {
  return allPeers.filter((peer) => {
    if (peer.id === 'ours-4') return wan
    if (peer.id === 'direct') return wan || withDirect
    return true
  })
}
