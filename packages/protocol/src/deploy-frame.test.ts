import assert from 'node:assert/strict'
import test from 'node:test'
import { type DeployFrame, DeployFrameReader, encodeDeployFrame } from './deploy-frame.ts'
import { maxDeployBodyBytes, maxDeployHeadBytes } from './limits.ts'

function prefix(head: number, body: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeUInt32BE(head, 0)
  bytes.writeUInt32BE(body, 4)
  return bytes
}

test('deploy frame: heads and bodies come back, however the bytes are cut', () => {
  const sent = [
    { head: { do: 'status' }, body: Buffer.alloc(0) },
    { head: { text: 'ä€😀' }, body: Buffer.from('body') },
    { head: {}, body: Buffer.alloc(100_000, 7) },
  ]
  const bytes = Buffer.concat(sent.map(({ head, body }) => encodeDeployFrame(head, body)))
  for (const step of [1, 7, 8, 9, 4_096, bytes.length]) {
    const reader = new DeployFrameReader()
    const got: DeployFrame[] = []
    for (let at = 0; at < bytes.length; at += step) {
      got.push(...reader.push(bytes.subarray(at, at + step)))
    }
    assert.deepEqual(got, sent, `cut every ${step} bytes`)
    assert.ok(reader.isEmpty)
  }
})

test('deploy frame: a length beyond the limit is refused before anything of it is kept', () => {
  for (const [head, body] of [
    [0, 0],
    [1, 0],
    [maxDeployHeadBytes + 1, 0],
    [0xffff_ffff, 0],
    [2, maxDeployBodyBytes + 1],
    [2, 0xffff_ffff],
  ] as const) {
    const reader = new DeployFrameReader()
    assert.throws(() => reader.push(prefix(head, body)), { code: 'SP_PROTOCOL' })
  }
  assert.deepEqual(new DeployFrameReader().push(prefix(maxDeployHeadBytes, maxDeployBodyBytes)), [])
})

test('deploy frame: a head that is no JSON in UTF-8 is refused, and not quoted', () => {
  for (const head of ['{]', '"\ud800', 'secret!', Buffer.from([0xff, 0xfe])]) {
    const bytes = Buffer.from(head)
    assert.throws(
      () => new DeployFrameReader().push(Buffer.concat([prefix(bytes.length, 0), bytes])),
      (error: Error) => !error.message.includes('secret') && /needs JSON/.test(error.message),
    )
  }
})

test('deploy frame: what the peer would refuse is not sent', () => {
  const tooLong = { text: 'x'.repeat(maxDeployHeadBytes) }
  assert.throws(() => encodeDeployFrame(tooLong), { code: 'SP_INTERNAL' })
  const body = Buffer.alloc(maxDeployBodyBytes + 1)
  assert.throws(() => encodeDeployFrame({}, body), { code: 'SP_INTERNAL' })
})
