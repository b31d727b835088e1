// Golden values from Apache Kafka's own UtilsTest.testMurmur2.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { murmur2, partitionOf } from '../../libs/bus/murmur2.ts'

const golden: readonly (readonly [string, number])[] = [
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
]

test("equals the values of Kafka's Java client", () => {
  for (const [text, hash] of golden) assert.equal(murmur2(Buffer.from(text)), hash, text)
})

test('a partition is never negative', () => {
  assert.equal(partitionOf(Buffer.from('21'), 7), (-973932308 & 0x7fffffff) % 7)
  for (let i = 0; i < 1000; i++) {
    const partition = partitionOf(Buffer.from(`key-${i}`), 5)
    assert.ok(partition >= 0 && partition < 5)
  }
})
