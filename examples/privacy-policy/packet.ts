// The exercise's messages: one JSON object a line, in either direction.
import { createInterface } from 'node:readline'
import type { Socket } from 'node:net'

export type Packet = Readonly<Record<string, unknown>>

export function send(socket: Socket, packet: Packet): void {
  socket.write(`${JSON.stringify(packet)}\n`)
}

/** The first packet that comes; undefined when what comes is none, or nothing does. */
export async function receive(socket: Socket): Promise<Packet | undefined> {
  const lines = createInterface({ input: socket })
  try {
    for await (const line of lines) return parsePacket(line)
  } catch {
    // The connection broke: nothing came.
  }
  return undefined
}

export function parsePacket(line: string): Packet | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}

/** A field as text; numbers are what the exercise's files hold, too. */
export function field(packet: Packet, name: string): string {
  const value = packet[name]
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

/** `-port 8000 -id 1` as a map. */
export function flags(argv: readonly string[]): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>()
  for (let at = 0; at < argv.length; at += 2) pairs.set(argv[at] ?? '', argv[at + 1] ?? '')
  return pairs
}
