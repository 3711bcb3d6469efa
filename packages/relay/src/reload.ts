// SIGHUP, or another text in the configuration file or in agents.json: what can change while visitors
// are served is changed, the rest is named in one line. A file that is wrong changes nothing.
import { isSallyportError } from '@sallyport/protocol'
import { watchFile } from '@sallyport/settings'
import { type Agent, readAgentKeys } from './agent-keys.ts'
import type { VisitorCertificates } from './certificates/visitor-certificates.ts'
import type { ServeConfig } from './config.ts'
import type { Descriptors } from './descriptors.ts'
import { standardGateLimits } from './gate-limits.ts'
import type { Log } from './log.ts'
import type { Relay } from './relay-options.ts'

export interface ReloadOptions {
  readonly relay: Pick<Relay, 'update'>
  readonly certificates: Pick<VisitorCertificates, 'reload'>
  readonly log: Log
  /** What the relay was started with. */
  readonly config: ServeConfig
  /** As they were before anybody came. */
  readonly descriptors: Descriptors
  /** Reads all settings again. @throws {SallyportError} */
  load(): Promise<ServeConfig>
}

export interface Reloader extends Disposable {
  /** Never rejects. One after the other. */
  reload(): Promise<void>
}

/** Settings that are read once, by what people call them. */
const fixed = {
  state: '--dir',
  host: '--host',
  listen: '--listen',
  tcpPorts: '--tcp-ports',
  http: '--http',
  admin: '--admin',
  accessLog: '--access-log',
  heartbeat: '--heartbeat',
  acme: '--acme-directory and its like',
  insecureNoAuth: '--insecure-no-auth',
  json: '--json',
} as const satisfies Partial<Record<keyof ServeConfig, string>>

/** Reloads on change of a file until it is disposed of. */
export function startReloader(options: ReloadOptions): Reloader {
  const { config } = options
  let last = Promise.resolve()
  let shown = ''
  const reload = (): Promise<void> => (last = last.then(reloadNow))

  async function reloadNow(): Promise<void> {
    const { relay, certificates, log, load } = options
    try {
      const next = await load()
      const { parking } = next
      let agents: readonly Agent[] = []
      const readAgents = async (): Promise<readonly Agent[]> =>
        (agents = (await readAgentKeys(next.state)).list())
      const gate = standardGateLimits(next.limits, options.descriptors)
      await relay.update({ readAgents, parking, gate })
      await certificates.reload(next.certificates)
      // Our own writing of agents.json is a change that changes nothing.
      const seen = JSON.stringify([next, agents.map(({ name, allow }) => [name, allow])])
      if (seen !== shown) log.note('info', 'settings and agents were read again')
      shown = seen
      const kept = Object.entries(fixed).flatMap(([key, name]) =>
        isSame(config, next, key) ? [] : [name],
      )
      if (kept.length > 0) {
        log.note('warn', `${kept.join(', ')} cannot change while the relay runs: start it again`)
      }
      log.setLevel(next.logLevel)
    } catch (error) {
      if (!isSallyportError(error)) throw error
      log.note('error', `nothing was changed: ${error.message} (${error.code})`)
    }
  }

  const { configPath, state } = config
  const files = [configPath ?? state.file('relay.yaml'), state.file('agents.json')]
  const watches = files.map((path) => watchFile(path, () => void reload()))
  return {
    reload,
    [Symbol.dispose]() {
      for (const watch of watches) watch[Symbol.dispose]()
    },
  }
}

function isSame(one: ServeConfig, other: ServeConfig, key: string): boolean {
  const valueOf = (config: ServeConfig): string =>
    JSON.stringify(Object.entries(config).find(([name]) => name === key)?.[1]) ?? ''
  return valueOf(one) === valueOf(other)
}
