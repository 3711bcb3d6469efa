// 100,000 random schedules, in parts that each end within a test's time.
import test from 'node:test'
import fc from 'fast-check'
import { runSchedule, schedules } from '../support/mux-schedule.ts'

for (let part = 1; part <= 4; part++) {
  test(`mux: 25,000 random schedules end as the model says, and nothing stalls (${part} of 4)`, async () => {
    await fc.assert(fc.asyncProperty(schedules, runSchedule), { numRuns: 25_000 })
  })
}
