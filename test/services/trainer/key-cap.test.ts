import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { capped, evenShares } from '../../../services/trainer/key-cap.ts'

const drawn = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 60 })

test('no key has more than its share of what stays, and none loses more than it must', () => {
  fc.assert(
    fc.property(drawn, (counts) => {
      const keys = Uint32Array.from(counts.flatMap((count, key) => new Array<number>(count).fill(key)))
      const { stay, dropped } = capped(keys)
      assert.equal(stay.length + dropped, keys.length)
      const left = counts.map((_, key) => stay.filter((i) => keys[i] === key).length)
      const share = evenShares / counts.length
      for (const [key, own] of left.entries()) {
        assert.ok(own <= Math.max(1, share * stay.length + 1), `${own} of ${stay.length}`)
        if (own < (counts[key] ?? 0)) assert.ok(own + 1 > share * (stay.length + 1) - 1 || own === Math.max(...left))
      }
      if (counts.length <= evenShares) assert.equal(dropped, 0)
    }),
  )
})

test('what stays of a capped key is spread over its time', () => {
  const others = Array.from({ length: 40 }, (_, i) => i + 1)
  const keys = Uint32Array.from([...others, ...new Array<number>(1_000).fill(0), ...others])
  const { stay } = capped(keys)
  const own = [...stay].filter((i) => keys[i] === 0)
  assert.ok(own.length > 15 && own.length < 40, `${own.length}`)
  const gaps = own.slice(1).map((place, i) => place - (own[i] ?? 0))
  assert.ok(Math.max(...gaps) - Math.min(...gaps) <= 1, gaps.join())
})
