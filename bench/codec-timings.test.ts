import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareWith, parseSaved } from './codec-timings.ts'

const timing = (name: string, minNs: number) => ({ name, minNs, medianNs: minNs * 2 })

test('codec timings: names what is slower than noise, and nothing else', () => {
  const before = [timing('a', 100), timing('b', 100), timing('gone', 1)]
  const now = [timing('a', 124), timing('b', 126), timing('new', 1_000)]
  assert.deepEqual(compareWith(before, now), ['b: 126.0 ns, was 100.0 ns'])
})

test('codec timings: what was saved is read back; other JSON is an error', () => {
  assert.deepEqual(parseSaved(JSON.stringify([timing('a', 1)])), [timing('a', 1)])
  assert.throws(() => parseSaved('[{"name":"a"}]'), /not timings/)
})
