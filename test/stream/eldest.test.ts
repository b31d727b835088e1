import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Random } from '../../libs/core/random.ts'
import { Eldest } from '../../libs/stream/eldest.ts'

test('the slot used longest ago is found however many uses were not told', () => {
  const random = new Random(7)
  for (const count of [1, 2, 3, 17, 64]) {
    const eldest = new Eldest(count)
    const uses = Float64Array.from({ length: count }, (_, i) => i + 1)
    let clock = count
    for (let round = 0; round < 500; round++) {
      for (let touches = random.integer(4); touches > 0; touches--) uses[random.integer(count)] = ++clock
      const expected = uses.indexOf(Math.min(...uses))
      assert.equal(eldest.take(uses, 1, 0, ++clock), expected)
      uses[expected] = clock
    }
  }
})
