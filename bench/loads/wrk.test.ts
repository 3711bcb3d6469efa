import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseWrk } from './wrk.ts'

// As wrk 4.1 printed it against an origin that broke some answers.
const output = `Running 1s test @ http://127.0.0.1:25902/
  1 threads and 4 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   270.15us  575.78us   6.05ms   91.49%
    Req/Sec    33.78k    11.31k   41.75k    81.82%
  Latency Distribution
     50%   82.00us
     75%  132.00us
     90%  640.00us
     99%    3.08ms
  36947 requests in 1.10s, 4.39MB read
  Socket errors: connect 0, read 754, write 0, timeout 2
  Non-2xx or 3xx responses: 1005
Requests/sec:  33607.70
Transfer/sec:      3.99MB
`

test('parseWrk: reads rate, percentiles in any unit, and counts every kind of failure', () => {
  assert.deepEqual(parseWrk(output), {
    requests: 36947,
    requestsPerSecond: 33607.7,
    p50Ms: 0.082,
    p90Ms: 0.64,
    p99Ms: 3.08,
    maxMs: 6.05,
    failed: 754 + 2 + 1005,
    reasons: ['wrk read: 754', 'wrk timeout: 2', 'wrk not 2xx: 1005'],
  })
})

test('parseWrk: output with no complaint has no failure', () => {
  const quiet = output.replace(/ {2}Socket errors.*\n {2}Non-2xx.*\n/, '')
  assert.notEqual(quiet, output)
  const { failed, reasons } = parseWrk(quiet)
  assert.equal(failed, 0)
  assert.deepEqual(reasons, [])
})

test('parseWrk: seconds and minutes are milliseconds too', () => {
  const slow = parseWrk(output.replace('   3.08ms', '   1.50s').replace('6.05ms', '1.10m'))
  assert.equal(slow.p99Ms, 1500)
  assert.ok(Math.abs(slow.maxMs - 66_000) < 1e-6)
})

test('parseWrk: an output that lacks a figure is an error', () => {
  assert.throws(() => parseWrk(output.replace('Requests/sec', '')), /no complete result/)
  assert.throws(() => parseWrk('unable to connect to 127.0.0.1:1 Connection refused'), /refused/)
})
