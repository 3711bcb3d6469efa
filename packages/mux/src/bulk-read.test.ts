import assert from 'node:assert/strict'
import test from 'node:test'
import { Changes } from '../../../test/support/changes.ts'
import { OffsetStream } from '../../../test/support/offset-stream.ts'
import { accepted, dialled } from '../../../test/support/socket-ends.ts'
import { buffersInUse, releaseBuffer } from './buffer-pool.ts'
import { readBufferBytes, slabBytes, slabHeadBytes } from './limits.ts'

for (const [kind, create] of [
  ['accepted', accepted],
  ['dialled', dialled],
] as const) {
  for (const how of ['takeToSend', 'takeToKeep', undefined] as const) {
    test(`bulk read (${kind}): bulk comes in slabs on loan (${how ?? 'copied'})`, async () => {
      const inUse = buffersInUse()
      await using ends = await create()
      const sent = new OffsetStream(2).bytes(0, 4_000_000)
      const changes = new Changes()
      const chunks: Buffer[] = []
      const sizes: number[] = []
      let loans = 0
      let received = 0
      ends.end.attach({
        onRead(buffer, bytes, loan) {
          let from = buffer.subarray(0, bytes)
          if (loan && buffer.length !== readBufferBytes) {
            loans++
            assert.equal(bytes === buffer.length || bytes < slabBytes - slabHeadBytes, true)
            const slab = how && loan[how]()
            if (slab) from = slab.subarray(slabHeadBytes, slabHeadBytes + bytes)
            chunks.push(Buffer.from(from))
            if (slab) releaseBuffer(slab)
          } else chunks.push(Buffer.from(from))
          sizes.push(buffer.length)
          received += bytes
          changes.tell()
          return true
        },
        onSocketEnd: () => {},
        onSocketClose: () => changes.tell(),
      })
      ends.peer.write(sent)
      await changes.until('all bytes', () => received === sent.length)
      assert.ok(Buffer.concat(chunks).equals(sent))
      assert.ok(loans > 5, `${loans} reads on loan`)
      if (how === 'takeToKeep') {
        const pairs = sizes
          .slice(1)
          .filter((size, at) => size !== readBufferBytes && size === sizes[at])
        assert.equal(pairs.length, 0, 'after one that is kept a read goes into the common buffer')
      }
      ends.peer.write('x')
      await changes.until('one more', () => received === sent.length + 1)
      ends.peer.write('y')
      await changes.until('the last', () => received === sent.length + 2)
      assert.equal(sizes.at(-1), readBufferBytes, 'a read that is not full ends it')
      assert.equal(buffersInUse(), inUse)
    })
  }

  test(`bulk read (${kind}): where the common buffer was copied to wait, the next read gets no slab`, async () => {
    const inUse = buffersInUse()
    await using ends = await create()
    const changes = new Changes()
    const sizes: number[] = []
    let received = 0
    ends.end.attach({
      onRead(buffer, bytes, loan) {
        sizes.push(buffer.length)
        assert.equal(loan?.takeToKeep(), undefined)
        received += bytes
        changes.tell()
        return true
      },
      onSocketEnd: () => {},
      onSocketClose: () => {},
    })
    ends.peer.write(Buffer.alloc(1_000_000))
    await changes.until('all bytes', () => received === 1_000_000)
    assert.deepEqual([...new Set(sizes)], [readBufferBytes])
    assert.equal(buffersInUse(), inUse)
  })

  test(`bulk read (${kind}): a slab that nobody took goes back when the socket closes`, async () => {
    const inUse = buffersInUse()
    await using ends = await create()
    let isLent = false
    const changes = new Changes()
    let isClosed = false
    ends.end.attach({
      onRead: (buffer, bytes, loan) => {
        isLent ||=
          loan !== undefined && buffer.length !== readBufferBytes && bytes === buffer.length
        changes.tell()
        return !isLent
      },
      onSocketEnd: () => {},
      onSocketClose: () => {
        isClosed = true
        changes.tell()
      },
    })
    ends.peer.write(Buffer.alloc(4_000_000))
    await changes.until('a full one on loan', () => isLent)
    assert.equal(buffersInUse(), inUse + 1)
    ends.end.socket.destroy()
    await changes.until('the close', () => isClosed)
    assert.equal(buffersInUse(), inUse)
  })
}
