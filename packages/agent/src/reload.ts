// SIGHUP, or another text in the configuration file: endpoints and log level change while visitors are
// served, the rest is named in one line. A file that is wrong changes nothing.
import {
  formatJoinString,
  formatListenAddress,
  formatRouteUrl,
  isSallyportError,
} from '@sallyport/protocol'
import { watchFile } from '@sallyport/settings'
import type { Agent } from './agent.ts'
import type { AgentConfig } from './config.ts'
import type { HttpProxy } from './http-proxy.ts'
import type { LogLevel } from './log-level.ts'
import { type Origin, formatOrigin } from './origin.ts'

export interface ReloadOptions {
  readonly agent: Pick<Agent, 'setRoutes'>
  /** What the agent was started with. */
  readonly config: AgentConfig
  /** Reads all settings again. @throws {SallyportError} */
  load(): Promise<AgentConfig>
  setLogLevel(level: LogLevel): void
  note(level: LogLevel, text: string): void
}

export interface Reloader extends Disposable {
  /** Never rejects. One after the other. */
  reload(): Promise<void>
}

/** Settings that are read once, by what people call them. */
const fixed: readonly (readonly [name: string, valueOf: (config: AgentConfig) => unknown])[] = [
  ['the join string', ({ join }) => formatJoinString(join).reveal()],
  ['https_proxy', ({ httpProxy }) => httpProxy && describeProxy(httpProxy)],
  ['--channel-timeout', ({ channelTimeoutSeconds }) => channelTimeoutSeconds],
  ['--connections', ({ connections }) => connections],
  ['--no-retry', ({ retry }) => retry],
  ['--json', ({ json }) => json],
  ['--web-addr', ({ inspector }) => inspector && formatListenAddress(inspector)],
]

/** Reloads on change of the file until it is disposed of. */
export function startReloader(options: ReloadOptions): Reloader {
  const { config } = options
  let routes = describe(config)
  let last = Promise.resolve()
  const reload = (): Promise<void> => (last = last.then(reloadNow))

  async function reloadNow(): Promise<void> {
    try {
      const next = await options.load()
      const described = describe(next)
      if (described !== routes) options.agent.setRoutes(next.routes)
      options.note(
        'info',
        `settings were read again${described === routes ? '' : ': other routes'}`,
      )
      routes = described
      const kept = fixed.flatMap(([name, valueOf]) =>
        valueOf(config) === valueOf(next) ? [] : [name],
      )
      if (kept.length > 0) {
        const names = kept.join(', ')
        options.note('warn', `${names} cannot change while the agent runs: start it again`)
      }
      options.setLogLevel(next.logLevel)
    } catch (error) {
      if (!isSallyportError(error)) throw error
      options.note('error', `nothing was changed: ${error.message} (${error.code})`)
    }
  }

  const { configPath } = config
  const watch = configPath === undefined ? undefined : watchFile(configPath, () => void reload())
  return { reload, [Symbol.dispose]: () => watch?.[Symbol.dispose]() }
}

/** For comparing only: with the password. */
function describeProxy({ host, port, credentials }: HttpProxy): string {
  return JSON.stringify([host, port, credentials?.reveal()])
}

function describe({ routes }: AgentConfig): string {
  return routes
    .map(({ url, origin, ...rest }) =>
      JSON.stringify([formatRouteUrl(url), formatOrigin(origin), rest, optionsOf(origin)]),
    )
    .join()
}

/** How a target is reached, besides its address. */
function optionsOf(origin: Origin): unknown {
  return origin.kind === 'server' ? undefined : origin
}
