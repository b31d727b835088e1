import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { Chain } from '../../libs/task/chain.ts'

const judged = fc.array(fc.tuple(fc.nat(1000), fc.nat(25)), { minLength: 1, maxLength: 50 }).map((pairs) => {
  let offset = 0
  const offsets = Float64Array.from(pairs, ([gap]) => {
    offset += gap + 1
    return offset
  })
  return { offsets, outcomes: Uint8Array.from(pairs, ([, outcome]) => outcome) }
})

function chainOf(offsets: Float64Array, outcomes: Uint8Array): readonly [number, number] {
  const chain = new Chain()
  chain.add(offsets, 0, outcomes, outcomes.length)
  return chain.value
}

test('the chain does not depend on how the records were cut into batches', () => {
  fc.assert(
    fc.property(judged, fc.nat(50), ({ offsets, outcomes }, at) => {
      const cut = Math.min(at, outcomes.length)
      const first = new Chain()
      first.add(offsets, 0, outcomes, cut)
      const second = new Chain(first.value)
      second.add(offsets, cut, outcomes.subarray(cut), outcomes.length - cut)
      assert.deepEqual(second.value, chainOf(offsets, outcomes))
    }),
  )
})

test('a record skipped, repeated or judged otherwise gives another chain', () => {
  fc.assert(
    fc.property(judged, fc.nat(49), ({ offsets, outcomes }, at) => {
      const i = at % outcomes.length
      const whole = chainOf(offsets, outcomes)
      const other = outcomes.slice()
      other[i] = (other[i] as number) + 1
      assert.notDeepEqual(chainOf(offsets, other), whole)
      const without = (array: Float64Array | Uint8Array): number[] => [...array].filter((_, index) => index !== i)
      assert.notDeepEqual(chainOf(Float64Array.from(without(offsets)), Uint8Array.from(without(outcomes))), whole)
    }),
  )
})
