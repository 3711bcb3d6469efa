// How the commands speak: stdout is the result, stderr is for people. With --json, stdout carries
// events. Neither ever gets a key: the join string goes to a file, or alone to a person's stdout.
import type { ProvisionerEvent, Reporter } from './reporter.ts'

export interface Output {
  readonly out: (line: string) => void
  readonly error: (line: string) => void
  readonly json: boolean
}

export function emit(
  output: Output,
  event: string,
  fields: Readonly<Record<string, unknown>>,
): void {
  output.out(JSON.stringify({ v: 1, event, ...fields }))
}

export function createReporter(output: Output): Reporter {
  return (event) => {
    if (output.json) {
      const { event: name, ...fields } = event
      emit(output, name, fields)
    } else {
      for (const line of linesOf(event)) output.error(line)
    }
  }
}

function linesOf(event: ProvisionerEvent): string[] {
  switch (event.event) {
    case 'note':
      return [`note: ${event.message}`]
    case 'plan':
      return [
        ...event.steps.map((step, index) => `${index + 1}. ${step}`),
        ...(event.certificates === undefined ? [] : [`certificates: ${event.certificates}`]),
        `cost: ${event.cost}`,
      ]
    case 'step':
      return [`… ${event.message}`]
    case 'done':
      return event.elapsedMs < 1_000
        ? []
        : [`  done after ${Math.round(event.elapsedMs / 1_000)} s`]
    case 'record-to-set':
      return [`set this DNS record now: ${event.name} A ${event.address}`]
  }
}
