// The gate's limits as they are by default, by the file and by the system's descriptors; and the way
// through it for visitors of raw ports, who have no hello.
import type { Socket } from 'node:net'
import { type Descriptors, shareDescriptors } from './descriptors.ts'
import type { Gate, GateLimits } from './gate.ts'
import {
  maxPerAddress,
  maxUnprovenPerAddress,
  newPerSecondOfAddress,
  usualDescriptorLimit,
} from './limits.ts'
import type { RelayFileSettings } from './settings-schema.ts'

const unknownDescriptors: Descriptors = { limit: 16 * usualDescriptorLimit, own: 0 }

/** `limits` is what the configuration file says. */
export function standardGateLimits(
  limits: RelayFileSettings['limits'] = {},
  descriptors: Descriptors = unknownDescriptors,
): GateLimits {
  const shares = shareDescriptors(descriptors)
  const visitors = Math.min(limits.visitors ?? shares.visitors, shares.visitors)
  return {
    perAddress: limits.connections_per_address ?? maxPerAddress,
    newPerSecond: limits.new_per_second_and_address ?? newPerSecondOfAddress,
    unprovenPerAddress: limits.unproven_agents_per_address ?? maxUnprovenPerAddress,
    ...shares,
    visitors,
    visitorsPerRoute: Math.min(limits.visitors_per_route ?? visitors, visitors),
    visitorsPerAgent: Math.min(limits.visitors_per_agent ?? visitors, visitors),
    undecided: Math.min(limits.handshakes ?? shares.undecided, shares.undecided),
    isLoopbackExempt: limits.loopback_exempt ?? true,
  }
}

/** Counts a visitor of a raw port in; false when there was no room, and then it is gone. */
export function passVisitor(gate: Gate, socket: Socket): boolean {
  socket.on('error', () => {})
  const pass = gate.enter(socket.remoteAddress ?? '', () => socket.resetAndDestroy())
  if (!pass?.becomeVisitor()) {
    pass?.leave()
    socket.resetAndDestroy()
    return false
  }
  pass.decide()
  socket.once('close', () => pass.leave())
  return true
}
