import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { naiveEncode } from '../../../test/support/naive-frame.ts'
import { type FrameType, headerBytes, writeHeader } from './frame.ts'

const uint32 = fc.oneof(
  fc.integer({ min: 0, max: 0xffff_ffff }),
  fc.constantFrom(0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff),
)
const frameType = fc.constantFrom<FrameType>(0, 1, 2, 3)

test('writeHeader: a data frame of 256 bytes on stream 5 with SYN', () => {
  const bytes = Buffer.alloc(headerBytes)
  writeHeader(bytes, 0, 0, 1, 5, 256)
  assert.equal(bytes.toString('hex'), '000000010000000500000100')
})

test('writeHeader: writes what a DataView does, and no byte beside it', () => {
  fc.assert(
    fc.property(
      frameType,
      fc.integer({ min: 0, max: 0xffff }),
      uint32,
      uint32,
      fc.nat(40),
      (type, flags, streamId, length, offset) => {
        const bytes = Buffer.alloc(offset + headerBytes + 4, 0xee)
        writeHeader(bytes, offset, type, flags, streamId, length)
        const header = naiveEncode({ type, flags, streamId, length })
        assert.deepEqual(
          bytes,
          Buffer.concat([Buffer.alloc(offset, 0xee), header, Buffer.alloc(4, 0xee)]),
        )
      },
    ),
  )
})
