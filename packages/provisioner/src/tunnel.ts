// A tunnel as one value, the API that users of the system that inspired this know: start = up and
// connect, stop = close and down. Settings come from the env file and from what is passed in.
import { userInfo } from 'node:os'
import { isIP, type Server } from 'node:net'
import { type Agent, connect } from '@sallyport/agent'
import { SallyportError } from '@sallyport/protocol'
import { type Environment, readSettings } from './env-file.ts'
import { createRelayBootstrap } from './relay-bootstrap.ts'
import { readRelayBundle } from './relay-bundle.ts'
import type { Reporter } from './reporter.ts'
import { resolveName } from './resolve-name.ts'
import { parseSettings } from './settings.ts'
import { down, type StackOptions, up } from './stack.ts'
import type { State } from './state-file.ts'

export interface TunnelOptions {
  /** Settings by their names (PORT, HOSTED_ZONE…); usually `process.env`. They go before the file. */
  readonly env?: Environment
  /** Default: what ENV_FILE or env_file of `env` names, else `.env` where there is one. */
  readonly envFile?: string
  /** What visitors get to; default: PORT on this machine. */
  readonly target?: number | string | Server
  /** Told what happens on the way. */
  readonly onEvent?: Reporter
  /** Stops the making of it; what stands by then is on record. */
  readonly signal?: AbortSignal
}

export interface StartOptions {
  /** True: when set-up fails, whatever was made is removed again before the error is thrown.
   * False: it stays for the next `start()`, which goes on from there. */
  readonly purge?: boolean
}

export interface StandingTunnel {
  /** Where visitors come: `https://…`. */
  readonly url: string
  readonly agent: Agent
}

export class Tunnel implements AsyncDisposable {
  readonly #stack: StackOptions
  readonly #target: number | string | Server
  #agent: Agent | undefined

  /** Checks every setting; throws SP_CONFIG. Makes nothing. */
  constructor(options: TunnelOptions = {}) {
    const env = options.env ?? {}
    const settings = parseSettings(readSettings(env, options.envFile), userInfo().username)
    const report = options.onEvent ?? (() => {})
    const target = options.target ?? settings.port
    if (target === undefined) {
      throw new SallyportError('SP_CONFIG', 'PORT is missing; set it to the port of your service')
    }
    for (const message of settings.notes) report({ event: 'note', message })
    this.#target = target
    this.#stack = {
      settings,
      env,
      bootstrap: createRelayBootstrap({
        readBundle: () => readRelayBundle(env),
        note: (message) => report({ event: 'note', message }),
      }),
      report,
      signal: options.signal ?? new AbortController().signal,
      now: () => new Date(),
      resolve: resolveName,
    }
  }

  /** Makes the relay stand and connects to it; a repeat reconfigures what stands. */
  async start({ purge = false }: StartOptions = {}): Promise<StandingTunnel> {
    try {
      const state = await up(this.#stack)
      await this.#agent?.close()
      this.#agent = await this.#connect(state)
      return { url: this.#agent.url, agent: this.#agent }
    } catch (error) {
      if (purge) await this.#purge(error)
      throw error
    }
  }

  /** Disconnects and removes everything that was made; throws SP_LEFTOVERS unless it is gone. */
  async stop(): Promise<void> {
    await this.#agent?.close()
    this.#agent = undefined
    await down({ ...this.#stack, signal: new AbortController().signal })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  async #connect(state: State): Promise<Agent> {
    const { settings, signal } = this.#stack
    const endpoint = state.endpoint ?? ''
    return connect(this.#target, {
      join: state.joinString ?? '',
      url: [
        isIP(endpoint) === 0 ? `https://${endpoint}` : 'https:',
        ...(settings.openPort && settings.port !== undefined ? [`tcp://:${settings.port}`] : []),
      ],
      channelTimeoutSeconds: settings.channelTimeoutSeconds,
      signal,
    })
  }

  /** The first error is the one to tell; that the removal failed too stands beside it. */
  async #purge(first: unknown): Promise<void> {
    try {
      await this.stop()
    } catch (second) {
      throw new AggregateError([first, second], 'set-up failed, and so did removing what was made')
    }
  }
}
