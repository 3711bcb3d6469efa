// The agent's own word for a route (`r0`, `r1`…): in register, and in every stream's PROXY header.
import { maxRouteIdBytes } from './limits.ts'

export function isRouteId(text: string): boolean {
  return text.length <= maxRouteIdBytes && /^[A-Za-z0-9_-]+$/.test(text)
}
