// Bodies pass the HTTP edge; they do not stay in it.
import assert from 'node:assert/strict'
import test from 'node:test'
import { startBulkOrigin, visitBulkOrigin } from '../support/http-server.ts'
import { startProxyProcess } from '../support/proxy-process.ts'

const bytes = 2 * 1024 ** 3
/** Node itself has some 60 MiB; buffers that the collector has not come round to, some 130. */
const mostBytes = 300 * 1024 ** 2

for (const path of ['/length', '/chunks']) {
  test(`http edge: 2 GiB up and 2 GiB down (${path}) are intact, in bounded memory`, async (t) => {
    await using origin = await startBulkOrigin(bytes)
    await using proxy = await startProxyProcess('edge', origin.port)
    const startMs = performance.now()
    const verdicts = await visitBulkOrigin(proxy.port, path, bytes)
    const seconds = (performance.now() - startMs) / 1_000
    const peak = await proxy.peakBytes()
    t.diagnostic(`${seconds.toFixed(1)} s, peak ${Math.round(peak / 1024 ** 2)} MiB`)
    assert.deepEqual(verdicts, { up: 'intact', down: 'intact' })
    assert.ok(peak < mostBytes, `${peak} bytes`)
  })
}
