import assert from 'node:assert/strict'
import test from 'node:test'
import { Flag, FrameType, headerBytes, maxRecordBytes } from '@sallyport/protocol'
import fc from 'fast-check'
import { naiveDecode } from '../../../test/support/naive-frame.ts'
import { OffsetStream } from '../../../test/support/offset-stream.ts'
import { acquireBuffer, buffersInUse } from './buffer-pool.ts'
import type { SlabLoan } from './bulk-read.ts'
import { queuedBytesLimit, slabBytes, slabHeadBytes } from './limits.ts'
import { Outbox } from './outbox.ts'
import type { Transport } from './transport.ts'

/** Keeps what is sent; every message gets a header with its own length. */
class SlowTransport implements Transport {
  readonly messageHeaderBytes: number
  readonly sent: { bytes: Buffer; copy: Buffer; taken: () => void }[] = []
  /** Slabs that were read into, which may be a message of their own. */
  readonly lent = new Set<Buffer>()

  constructor(messageHeaderBytes: number) {
    assert.ok(messageHeaderBytes === 0 || messageHeaderBytes >= 2)
    this.messageHeaderBytes = messageHeaderBytes
  }

  sealMessage(slab: Buffer, start: number, end: number): number {
    const bytes = end - start - this.messageHeaderBytes
    const isLent = this.lent.has(slab)
    assert.ok(isLent || end - start <= maxRecordBytes, 'a message fits one TLS record')
    assert.ok(bytes >= headerBytes, 'no empty message')
    if (this.messageHeaderBytes > 0) slab.writeUInt16BE(bytes, start)
    return end
  }

  send(bytes: Buffer, taken: () => void): void {
    assert.ok(bytes.length > 0 && bytes.length <= slabBytes)
    this.sent.push({ bytes, copy: Buffer.from(bytes), taken })
  }

  start(): void {}
  close(): void {}
  destroy(): void {}

  /** A slab with these bytes in it, as a socket was read into it. */
  lend(chunk: Buffer): SlabLoan {
    const take = (): Buffer => {
      const slab = acquireBuffer(slabBytes)
      chunk.copy(slab, slabHeadBytes)
      this.lent.add(slab)
      return slab
    }
    return { takeToSend: take, takeToKeep: () => assert.fail('kept') }
  }

  /** All frames so far, message headers taken off. */
  get frames() {
    const stream: Buffer[] = []
    for (const { copy } of this.sent) {
      if (this.messageHeaderBytes === 0) stream.push(copy)
      else {
        for (let at = 0; at < copy.length;) {
          const end = at + this.messageHeaderBytes + copy.readUInt16BE(at)
          const message = copy.subarray(at + this.messageHeaderBytes, end)
          assert.equal(naiveDecode(message).rest, 0, 'whole frames in every message')
          stream.push(message)
          at = end
        }
      }
    }
    return naiveDecode(Buffer.concat(stream)).frames
  }
}

const operation = fc.oneof(
  fc.record({
    kind: fc.constant('data' as const),
    flags: fc.constantFrom(Flag.none, Flag.syn),
    id: fc.integer({ min: 1, max: 9 }),
    bytes: fc.oneof(
      fc.nat(200),
      fc.integer({ min: 16_300, max: 16_400 }),
      fc.integer({ min: 65_000, max: 66_000 }),
    ),
  }),
  fc.record({
    kind: fc.constant('read' as const),
    flags: fc.constant(Flag.none),
    id: fc.integer({ min: 1, max: 9 }),
    bytes: fc.integer({ min: 1, max: slabBytes - slabHeadBytes }),
  }),
  fc.record({ kind: fc.constant('control' as const), id: fc.nat(9), length: fc.nat() }),
  fc.record({ kind: fc.constant('flush' as const) }),
)

test('outbox: every frame arrives, in order, whole within a message of one TLS record', () => {
  const source = new OffsetStream(2).bytes(0, 67_000)
  fc.assert(
    fc.property(
      fc.array(operation, { minLength: 1, maxLength: 30 }),
      fc.constantFrom(0, 4, 8),
      (operations, messageHeaderBytes) => {
        const transport = new SlowTransport(messageHeaderBytes)
        const outbox = new Outbox(transport, () => {})
        const expected: string[] = []
        for (const step of operations) {
          if (step.kind === 'data') {
            outbox.writeData(step.flags, step.id, source, 5, 5 + step.bytes)
            expected.push(`${step.id} data ${step.flags} ${step.bytes}`)
          } else if (step.kind === 'read') {
            const chunk = source.subarray(5, 5 + step.bytes)
            outbox.writeData(step.flags, step.id, chunk, 0, step.bytes, transport.lend(chunk))
            expected.push(`${step.id} data 0 ${step.bytes}`)
          } else if (step.kind === 'control') {
            outbox.writeControl(FrameType.ping, Flag.ack, step.id, step.length)
            expected.push(`${step.id} ping ${step.length}`)
          } else outbox.flush()
        }
        outbox.flush()
        assert.deepEqual(joined(transport, source), expected)
        for (const { bytes, copy } of transport.sent) {
          assert.deepEqual(bytes, copy, 'a slab stays untouched until it is taken')
        }
      },
    ),
    { numRuns: 300 },
  )
})

/** The frames as they were written: the parts of one chunk joined, their bytes checked. */
function joined(transport: SlowTransport, source: Buffer): string[] {
  const told: { text: string; id: number; flags: number; bytes: number }[] = []
  for (const { type, flags, streamId, length, payload } of transport.frames) {
    const last = told.at(-1)
    if (type === FrameType.ping) {
      told.push({ text: `${streamId} ping ${length}`, id: streamId, flags: 0, bytes: -1 })
    } else if (
      last !== undefined &&
      last.id === streamId &&
      flags === 0 &&
      last.bytes > 0 &&
      length > 0 &&
      payload.equals(source.subarray(5 + last.bytes, 5 + last.bytes + length))
    ) {
      last.bytes += length
      last.text = `${streamId} data ${last.flags} ${last.bytes}`
    } else {
      assert.ok(payload.equals(source.subarray(5, 5 + length)), 'the right bytes')
      told.push({
        text: `${streamId} data ${flags} ${length}`,
        id: streamId,
        flags,
        bytes: length,
      })
    }
  }
  return told.map(({ text }) => text)
}

test('outbox: one flush is one send, and flushing nothing sends nothing', () => {
  const transport = new SlowTransport(4)
  const outbox = new Outbox(transport, () => {})
  outbox.flush()
  assert.equal(transport.sent.length, 0)
  for (let id = 1; id < 20; id++) outbox.writeData(Flag.none, id, Buffer.alloc(100), 0, 100)
  outbox.writeControl(FrameType.ping, Flag.syn, 0, 1)
  assert.equal(transport.sent.length, 0)
  outbox.flush()
  outbox.flush()
  assert.equal(transport.sent.length, 1)
})

test('outbox: a full read of a socket fills exactly one slab, in four messages', () => {
  const transport = new SlowTransport(8)
  const outbox = new Outbox(transport, () => {})
  outbox.writeData(Flag.none, 1, Buffer.alloc(65_456), 0, 65_456)
  outbox.flush()
  assert.deepEqual(
    transport.sent.map(({ bytes }) => bytes.length),
    [slabBytes],
  )
  assert.deepEqual(
    transport.frames.map(({ length }) => length),
    [16_364, 16_364, 16_364, 16_364],
  )
})

test('outbox: a slab that was read into leaves itself, in one frame, unless something goes ahead', () => {
  const transport = new SlowTransport(8)
  let told = 0
  const outbox = new Outbox(transport, () => told++)
  const chunk = new OffsetStream(3).bytes(0, slabBytes - slabHeadBytes)
  const write = (bytes: number) =>
    outbox.writeData(Flag.none, 7, chunk, 0, bytes, transport.lend(chunk))
  write(chunk.length)
  assert.equal(transport.lent.size, 1)
  assert.deepEqual(
    transport.frames.map(({ streamId, payload }) => [streamId, payload.equals(chunk)]),
    [[7, true]],
  )
  assert.equal(transport.sent[0]?.bytes.length, slabBytes)
  assert.equal(outbox.queuedBytes, slabBytes)
  const inUse = buffersInUse()
  transport.sent.pop()?.taken()
  assert.deepEqual([outbox.queuedBytes, told, buffersInUse()], [0, 1, inUse - 1])

  write(maxRecordBytes)
  assert.equal(transport.lent.size, 1, 'a record is copied: the slab would be mostly empty')
  write(chunk.length)
  assert.equal(transport.lent.size, 1, 'it is copied behind what waits')
})

test('outbox: counts what has not left, is full from its limit on, and says when it was taken', () => {
  const transport = new SlowTransport(0)
  let told = 0
  const outbox = new Outbox(transport, () => told++)
  const payload = Buffer.alloc(queuedBytesLimit)
  outbox.writeData(Flag.none, 1, payload, 0, 100)
  assert.equal(outbox.queuedBytes, 112)
  outbox.flush()
  assert.equal(outbox.queuedBytes, 112)
  assert.equal(outbox.isFull, false)
  outbox.writeData(Flag.none, 1, payload, 0, payload.length)
  outbox.flush()
  assert.equal(outbox.isFull, true)
  for (const { taken } of transport.sent.splice(0)) taken()
  assert.equal(told, 2)
  assert.equal(outbox.isFull, false)
  assert.equal(outbox.queuedBytes, 0)
})

test('outbox: fills its slab up while the transport has as many as it may', () => {
  const transport = new SlowTransport(4)
  const outbox = new Outbox(transport, () => {})
  const ping = () => {
    outbox.writeControl(FrameType.ping, Flag.syn, 0, 1)
    outbox.flush()
  }
  for (let pings = 0; pings < 1_000; pings++) ping()
  assert.equal(transport.sent.length, 16)
  assert.equal(outbox.queuedBytes, 1_000 * 12 + 16 * 4 + 4)
  transport.sent[0]?.taken()
  assert.equal(transport.sent.length, 17)
  ping()
  assert.equal(transport.sent.length, 17)
  outbox.flushNow()
  assert.equal(transport.sent.length, 18)
  assert.equal(transport.frames.length, 1_001)
})

test('outbox: a slab that is full leaves, whatever the transport has', () => {
  const transport = new SlowTransport(0)
  const outbox = new Outbox(transport, () => {})
  for (let pings = 0; pings < 20_000; pings++) {
    outbox.writeControl(FrameType.ping, Flag.syn, 0, pings)
    outbox.flush()
  }
  assert.equal(transport.sent.length, 16 + 3)
})

test('outbox: uses a slab again only after the transport took it', () => {
  const transport = new SlowTransport(0)
  const outbox = new Outbox(transport, () => {})
  const write = () => {
    outbox.writeControl(FrameType.ping, Flag.syn, 0, 1)
    outbox.flush()
  }
  write()
  write()
  const [first, second] = transport.sent
  assert.notEqual(first?.bytes.buffer, second?.bytes.buffer)
  first?.taken()
  write()
  assert.equal(transport.sent[2]?.bytes.buffer, first?.bytes.buffer)
})
