// The further public ports: which are open, and for which places. Several names may share one TLS port; a
// port closes with the last place that stands on it. What was opened for a registration that is
// refused is closed again.
import type { LeasedPort } from './leased-port.ts'

/** A port that a place stands on. */
export interface PortNeed {
  /** What to listen on. */
  readonly host: string
  readonly port: number
  /** On a tcp route: the place to which all its visitors go. Elsewhere TLS tells. */
  readonly tcpPlace?: string
}

export type OpenPort = (need: PortNeed) => Promise<LeasedPort>

interface OpenedPort {
  readonly port: LeasedPort
  readonly places: Set<string>
}

export class PortLedger {
  readonly #open: OpenPort
  readonly #ports = new Map<string, OpenedPort>()

  constructor(open: OpenPort) {
    this.#open = open
  }

  /** Opens the port unless it is open. @throws {SallyportError} SP_PORT_TAKEN. */
  async open(need: PortNeed): Promise<void> {
    const key = keyOf(need)
    if (!this.#ports.has(key)) {
      this.#ports.set(key, { port: await this.#open(need), places: new Set() })
    }
  }

  isOpen(need: PortNeed): boolean {
    return this.#ports.has(keyOf(need))
  }

  /** The place stands on the port from now on. */
  hold(need: PortNeed, place: string): void {
    this.#ports.get(keyOf(need))?.places.add(place)
  }

  /** The place needs no port any longer. */
  release(place: string): void {
    // A port that nobody held before is being opened for somebody.
    for (const [key, opened] of this.#ports) {
      if (opened.places.delete(place)) this.#closeIfUnheld(key, opened)
    }
  }

  /** Closes every port on which no place stands. */
  closeUnheld(): void {
    for (const [key, opened] of this.#ports) this.#closeIfUnheld(key, opened)
  }

  #closeIfUnheld(key: string, { port, places }: OpenedPort): void {
    if (places.size > 0) return
    this.#ports.delete(key)
    void port.close()
  }

  /** Resolves when the visitors of all ports have left. */
  async closeAll(): Promise<void> {
    const ports = [...this.#ports.values()]
    this.#ports.clear()
    await Promise.all(ports.map(({ port }) => port.close()))
  }
}

function keyOf({ host, port, tcpPlace }: PortNeed): string {
  return tcpPlace ?? `tls ${host} ${port}`
}
