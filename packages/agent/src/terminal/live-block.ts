// A block of lines that stays below everything else that is printed on a terminal: lines go above it, and
// it is drawn anew in its place. Both at most four times a second, in one write each. The cursor rests
// below it, visible, so that nothing needs to be put right when the program is killed.
import { stripVTControlCharacters } from 'node:util'
import type { Clock, Timer } from '@sallyport/mux'
import { redrawMs } from '../limits.ts'
import type { Room } from './status-lines.ts'

export interface BlockTerminal {
  write(text: string): unknown
  /** Its size now. */
  readonly room: () => Room
}

export interface LiveBlockOptions {
  readonly terminal: BlockTerminal
  readonly clock: Clock
  /** What to draw; undefined: nothing, there is no room. */
  readonly lines: (room: Room) => readonly string[] | undefined
}

/** Control sequences of ECMA-48 §8.3: cursor up, erase to the end of the screen. */
const up = (rows: number): string => (rows > 0 ? `\u001b[${rows}A` : '')
const eraseBelow = '\u001b[J'
/** Synchronized output (DEC mode 2026): shown at once where the terminal knows it, else ignored. */
const begin = '\u001b[?2026h'
const end = '\u001b[?2026l'

/** How many columns a line takes on the screen. */
function columnsOf(line: string): number {
  return stripVTControlCharacters(line).length
}

export class LiveBlock {
  readonly #options: LiveBlockOptions
  #drawn: readonly string[] = []
  #above: string[] = []
  #timer: Timer | undefined
  #lastMs = -Infinity
  #holds = 0
  #isOver = false

  constructor(options: LiveBlockOptions) {
    this.#options = options
  }

  /** What is shown is another now. */
  change(): void {
    const { clock } = this.#options
    if (this.#isOver || this.#holds > 0 || this.#timer) return
    const waitMs = this.#lastMs + redrawMs - clock.now()
    if (waitMs <= 0) {
      this.#draw()
      return
    }
    this.#timer = clock.setTimeout(() => {
      this.#timer = undefined
      this.#draw()
    }, waitMs)
  }

  /** A line that stays, above the block. */
  print(line: string): void {
    if (this.#isOver || this.#holds > 0) {
      this.#options.terminal.write(`${line}\n`)
      return
    }
    this.#above.push(line)
    this.change()
  }

  /** Takes the block away while somebody else uses the terminal; the returned function puts it back. */
  hold(): () => void {
    if (this.#holds === 0) this.#clear()
    this.#holds += 1
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      this.#holds -= 1
      this.change()
    }
  }

  /** The cursor is somewhere else now: what was drawn stays where it is. */
  forget(): void {
    this.#drawn = []
    this.change()
  }

  /** Takes the block away for good; what was printed stays. */
  close(): void {
    if (this.#isOver) return
    if (this.#holds === 0) this.#clear()
    this.#isOver = true
  }

  #draw(): void {
    if (this.#isOver || this.#holds > 0) return
    const room = this.#options.terminal.room()
    const lines = this.#options.lines(room) ?? []
    this.#write(room, lines)
    this.#lastMs = this.#options.clock.now()
  }

  #clear(): void {
    if (this.#timer) this.#options.clock.clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#drawn.length === 0 && this.#above.length === 0) return
    this.#write(this.#options.terminal.room(), [])
  }

  /** In place of what was drawn: what is to stay, and the block. */
  #write({ columns, rows }: Room, lines: readonly string[]): void {
    // A terminal that became narrower has broken lines that were drawn to a greater width.
    const taken = this.#drawn.reduce(
      (sum, line) => sum + Math.max(1, Math.ceil(columnsOf(line) / columns)),
      0,
    )
    const text = [...this.#above, ...lines].map((line) => `${line}\n`).join('')
    this.#options.terminal.write(
      `${begin}\r${up(Math.min(taken, rows - 1))}${eraseBelow}${text}${end}`,
    )
    this.#above = []
    this.#drawn = lines
  }
}
