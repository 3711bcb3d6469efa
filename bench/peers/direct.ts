// The reference line: the visitor at the origin itself, no tunnel between.
import type { Peer } from './peer.ts'

export const direct: Peer = {
  id: 'direct',
  label: 'no tunnel (raw TCP)',
  protection: 'no tunnel',
  programs: [],
  reconnects: false,
  plan: undefined,
}
