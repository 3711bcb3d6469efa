// What a program's `main` needs of its process, in the test's own process: milliseconds instead of a
// start of Node, and signals that are only events.
import { EventEmitter } from 'node:events'

export class FakeProcess extends EventEmitter {
  readonly env: Readonly<Record<string, string>>
  readonly #directory: string
  #out = ''
  #err = ''

  constructor(directory: string, env: Readonly<Record<string, string>> = {}) {
    super()
    this.#directory = directory
    this.env = env
  }

  readonly stdout = { write: (text: string) => this.#say('out', text) }
  readonly stderr = { write: (text: string) => this.#say('err', text) }

  cwd(): string {
    return this.#directory
  }

  /** The lines on stdout so far. */
  get out(): readonly string[] {
    return linesOf(this.#out)
  }

  get err(): readonly string[] {
    return linesOf(this.#err)
  }

  #say(stream: 'out' | 'err', text: string): void {
    if (stream === 'out') this.#out += text
    else this.#err += text
    this.emit('said')
  }
}

function linesOf(text: string): readonly string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n')
}
