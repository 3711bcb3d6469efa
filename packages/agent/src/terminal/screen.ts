// Where the agent's lines for people go: a terminal with a status block below them, or a plain stream.
import type { Clock } from '@sallyport/mux'
import type { Agent } from '../agent.ts'
import type { AgentEvent } from '../events.ts'
import type { ExchangeTap } from '../http/index.ts'
import type { AskAboutKnock } from '../knock.ts'
import { LiveBlock } from './live-block.ts'
import { qrLines } from './qr-lines.ts'
import { StatusBoard } from './status-board.ts'
import { isTooSmall, statusLines } from './status-lines.ts'

export interface ScreenHost {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stderr: TerminalOutput
  on(signal: 'SIGCONT', listener: () => void): unknown
  off(signal: 'SIGCONT', listener: () => void): unknown
}

/** A stream, which may be a terminal: process.stderr. */
export interface TerminalOutput {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
  on?(event: 'resize', listener: () => void): unknown
  off?(event: 'resize', listener: () => void): unknown
}

export interface ScreenOptions {
  readonly host: ScreenHost
  readonly clock: Clock
  /** Something else is printed for machines: no block. */
  readonly isForMachines: boolean
  /** Show the first https url as a QR code. */
  readonly hasQr: boolean
  readonly isForeground: () => Promise<boolean>
}

export interface Screen extends Disposable {
  /** What to look on with, where there is something to show. */
  readonly tap: ExchangeTap | undefined
  print(line: string): void
  /** From now on it is this agent that is shown. */
  show(agent: Agent): void
  /** The same questions, with the terminal to themselves. */
  asking(ask: AskAboutKnock): AskAboutKnock
}

export function openScreen(options: ScreenOptions): Screen {
  const { host, isForMachines, hasQr } = options
  const isLive = !isForMachines && hasScreen(host)
  const screen = isLive ? openLive(options) : openPlain(host.stderr)
  return hasQr ? withQr(screen, isLive) : screen
}

/** A terminal that takes control sequences, and nobody who does not want them (no-color.org). */
function hasScreen({ env, stderr }: ScreenHost): boolean {
  const isSet = (name: string): boolean => (env[name] ?? '') !== ''
  const isOff = (name: string): boolean => env[name] === 'false' || env[name] === '0'
  if (isSet('NO_COLOR') || (isSet('CI') && !isOff('CI'))) return false
  const { TERM: term = '' } = env
  return stderr.isTTY === true && term !== '' && term !== 'dumb'
}

function openPlain(stderr: TerminalOutput): Screen {
  return {
    tap: undefined,
    print: (line) => void stderr.write(`${line}\n`),
    show: () => {},
    asking: (ask) => ask,
    [Symbol.dispose]: () => {},
  }
}

function openLive({ host, clock, isForeground }: ScreenOptions): Screen {
  const { stderr } = host
  let shown: Agent | undefined
  const board = new StatusBoard({
    clock,
    agent: {
      get roundTripMs() {
        return shown?.roundTripMs
      },
      get visitors() {
        return shown?.visitors ?? 0
      },
    },
    onChange: () => block.change(),
  })
  const block = new LiveBlock({
    clock,
    terminal: {
      write: (text) => stderr.write(text),
      room: () => ({ columns: stderr.columns || 80, rows: stderr.rows || 24 }),
    },
    lines: (room) => (isTooSmall(room) ? undefined : statusLines(board.view, room)),
  })
  const onResize = (): void => block.change()
  // Stopped and continued, in the background perhaps, where the screen is somebody else's.
  let release: (() => void) | undefined
  const onContinue = (): void => {
    block.forget()
    void isForeground().then((isOurs) => {
      release?.()
      release = isOurs ? undefined : block.hold()
    })
  }
  stderr.on?.('resize', onResize)
  host.on('SIGCONT', onContinue)
  return {
    tap: board,
    print: (line) => block.print(line),
    show: (agent) => {
      shown = agent
      agent.onAny((event) => board.onEvent(event))
      block.change()
    },
    asking: (ask) => async (knock, signal) => {
      const done = block.hold()
      try {
        return await ask(knock, signal)
      } finally {
        done()
      }
    },
    [Symbol.dispose]: () => {
      stderr.off?.('resize', onResize)
      host.off('SIGCONT', onContinue)
      block.close()
    },
  }
}

/** Once for each url. */
function withQr(screen: Screen, isColoured: boolean): Screen {
  let told: string | undefined
  const onReady = ({ routes }: AgentEvent & { event: 'ready' }): void => {
    const url = routes.find((route) => route.url.startsWith('https:'))?.url
    if (url === undefined || url === told) return
    told = url
    for (const line of qrLines(url, isColoured)) screen.print(line)
  }
  return {
    ...screen,
    show: (agent) => {
      screen.show(agent)
      agent.onAny((event) => {
        if (event.event === 'ready') onReady(event)
      })
    },
  }
}
