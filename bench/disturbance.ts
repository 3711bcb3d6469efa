// What the machine did for others while something was measured: a figure that was taken beside
// somebody's build says little, and on a shared machine nobody can rule that out beforehand.
import { cpuSecondsWithEnded, readMachineTime } from './proc.ts'

export interface Disturbance {
  /** Taken by a hypervisor, of all cores' time. */
  readonly stolenPercent: number
  /** Used by programs that this run did not start, of all cores' time. */
  readonly othersPercent: number
}

/** Others may use this much of the machine before a measurement counts as disturbed. */
export const tolerableOthersPercent = 5

/** Begins to watch; the function that it gives ends it. `pid` is the program that started all of ours. */
export function startDisturbanceWatch(pid: number): () => Disturbance {
  const machineBefore = readMachineTime()
  const oursBefore = cpuSecondsWithEnded([pid])
  return () => {
    const machine = readMachineTime()
    const ours = cpuSecondsWithEnded([pid]) - oursBefore
    const total = machine.total - machineBefore.total
    const others = machine.busy - machineBefore.busy - ours
    const percent = (seconds: number) => Math.max(0, (100 * seconds) / Math.max(total, 0.01))
    return {
      stolenPercent: percent(machine.stolen - machineBefore.stolen),
      othersPercent: percent(others),
    }
  }
}
