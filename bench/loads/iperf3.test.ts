import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseIperf3 } from './iperf3.ts'

// As iperf 3.12 printed it, the intervals left out.
const report = {
  start: { version: 'iperf 3.12' },
  intervals: [],
  end: {
    sum_sent: { seconds: 1.000081, bytes: 2918973440, bits_per_second: 23349896178.40955 },
    sum_received: { seconds: 1.000142, bytes: 2912026624, bits_per_second: 23292905399.433277 },
  },
}

test('parseIperf3: takes what the receiver counted', () => {
  assert.deepEqual(parseIperf3(JSON.stringify(report)), {
    bitsPerSecond: 23292905399.433277,
    bytes: 2912026624,
  })
})

test("parseIperf3: a failed test is an error in iperf3's words", () => {
  const failed = { start: {}, intervals: [], end: {}, error: 'unable to connect to server' }
  assert.throws(() => parseIperf3(JSON.stringify(failed)), /^Error: unable to connect to server$/)
})

test('parseIperf3: a report with no sum is an error and no zero', () => {
  assert.throws(() => parseIperf3('{"end":{}}'), /no sum_received/)
  assert.throws(() => parseIperf3('iperf3: interrupt'), SyntaxError)
})
