// The steps of a plan in their order, each told before and after, until somebody says stop.
import { describeStep, type Step } from './plan.ts'
import type { Reporter } from './reporter.ts'

/** @throws what a step throws; the signal's reason between two of them. */
export async function runSteps(
  steps: readonly Step[],
  { report, signal }: { readonly report: Reporter; readonly signal: AbortSignal },
  run: (step: Step) => Promise<void>,
): Promise<void> {
  for (const step of steps) {
    signal.throwIfAborted()
    const began = performance.now()
    report({ event: 'step', step: step.kind, message: describeStep(step) })
    await run(step)
    const elapsedMs = Math.round(performance.now() - began)
    report({ event: 'done', step: step.kind, elapsedMs })
  }
}
