// A thousand random schedules; test/faults/mux-schedules.test.ts runs a hundred times as many.
import test from 'node:test'
import fc from 'fast-check'
import { runSchedule, schedules } from '../support/mux-schedule.ts'

test('mux: random operations over a narrow link end as the model says, and nothing stalls', async () => {
  await fc.assert(fc.asyncProperty(schedules, runSchedule), { numRuns: 1_000 })
})
