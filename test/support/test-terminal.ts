// A terminal without a window: takes what programs write, and tells what a person would see.
import xterm from '@xterm/headless'

export class TestTerminal {
  readonly #terminal: xterm.Terminal

  constructor(columns: number, rows: number) {
    this.#terminal = new xterm.Terminal({
      cols: columns,
      rows,
      scrollback: 500,
      allowProposedApi: true,
    })
  }

  get room(): { readonly columns: number; readonly rows: number } {
    return { columns: this.#terminal.cols, rows: this.#terminal.rows }
  }

  /** As a terminal driver does: a line feed is also a carriage return (termios ONLCR). */
  write(text: string): void {
    this.#terminal.write(text.replaceAll(/\r?\n/g, '\r\n'))
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.#settled()
    this.#terminal.resize(columns, rows)
    await this.#settled()
  }

  /** What the screen shows, without blanks at the ends of lines and lines at the end. */
  async lines(): Promise<string[]> {
    await this.#settled()
    return this.#read(this.#terminal.buffer.active.baseY)
  }

  /** With what has scrolled off. */
  async everyLine(): Promise<string[]> {
    await this.#settled()
    return this.#read(0)
  }

  get cursor(): { readonly column: number; readonly row: number } {
    const { cursorX, cursorY } = this.#terminal.buffer.active
    return { column: cursorX, row: cursorY }
  }

  #read(first: number): string[] {
    const { active } = this.#terminal.buffer
    const lines: string[] = []
    for (let row = first; row < active.length; row++) {
      lines.push(active.getLine(row)?.translateToString(true).trimEnd() ?? '')
    }
    while (lines.at(-1) === '') lines.pop()
    return lines
  }

  /** Until all that was written has been acted on. */
  #settled(): Promise<void> {
    return new Promise((resolve) => this.#terminal.write('', resolve))
  }
}
