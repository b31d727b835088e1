import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Feed } from '../../libs/bus/fetched.ts'
import { indexAt, recordsOf } from '../../libs/core/records.ts'

const run = fc.record({ gap: fc.nat(3), count: fc.nat(20), tail: fc.nat(3) })

test('F1 pieces are the records of all fetches in order, and end where the fetches end', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(run, { maxLength: 4 }), { maxLength: 5 }),
      fc.integer({ min: 1, max: 9 }),
      (all, max) => {
        let released = 0
        const feed = new Feed((bytes) => {
          released += bytes
        })
        let position = 0
        const offsets: number[] = []
        for (const runs of all) {
          const from = position
          const list = runs.map(({ gap, count, tail }) => {
            position += gap
            const plain = Array.from({ length: count }, () => ({ key: null, value: null, timestampMs: 0 }))
            const records = recordsOf(plain, position)
            offsets.push(...records.offsets)
            position += count + tail
            return { kind: 'records' as const, records: { ...records, nextOffset: position } }
          })
          feed.push({ from, next: position, bytes: 7, runs: list })
        }
        const seen: number[] = []
        let reached = 0
        for (let piece = feed.take(max); piece !== null; piece = feed.take(max)) {
          assert.ok(piece.kind === 'records' && piece.records.count <= max)
          seen.push(...piece.records.offsets)
          assert.ok(piece.records.nextOffset >= reached)
          reached = piece.records.nextOffset
        }
        assert.deepEqual(seen, offsets)
        assert.equal(reached, position)
        assert.equal(released, 7 * all.length)
      },
    ),
  )
})

test('an index is found by offset', () => {
  const records = recordsOf([1, 4, 9].map((offset) => ({ key: null, value: null, timestampMs: 0, offset })))
  assert.deepEqual(
    [0, 1, 2, 4, 5, 9, 10].map((offset) => indexAt(records, offset)),
    [0, 0, 1, 1, 2, 2, 3],
  )
})
