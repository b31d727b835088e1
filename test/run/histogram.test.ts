import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Histogram } from '../../libs/run/histogram.ts'

const bounds = [0.5, 1, 10]

test('a value equal to a bound counts under it, buckets accumulate', () => {
  const histogram = new Histogram('h', 'Help.', ['stream'], bounds)
  histogram.observeMany(['a'], Float32Array.of(0.25, 0.5, 1, 2, 100, 7), 5, 1)
  assert.deepEqual(histogram.text().split('\n'), [
    '# HELP h Help.',
    '# TYPE h histogram',
    'h_bucket{stream="a",le="0.5"} 2',
    'h_bucket{stream="a",le="1"} 3',
    'h_bucket{stream="a",le="10"} 4',
    'h_bucket{stream="a",le="+Inf"} 5',
    'h_sum{stream="a"} 103.75',
    'h_count{stream="a"} 5',
    '',
  ])
})

test('a batch counts as its values one by one would, divided first', () => {
  const values = fc.array(fc.float({ noNaN: false, min: 0, max: 1000 }), { maxLength: 50 })
  fc.assert(
    fc.property(values, fc.constantFrom(0.5, 1, 3), (list, divisor) => {
      const batch = new Histogram('h', 'Help.', [], bounds)
      const single = new Histogram('h', 'Help.', [], bounds)
      batch.observeMany([], Float64Array.from(list), list.length, divisor)
      single.declare([])
      let sum = 0
      for (const each of list) {
        single.observe([], each / divisor)
        sum += Number.isFinite(each) ? each / divisor : 0
      }
      const text = single.text()
      assert.equal(batch.text().replace(/^h_sum.*$/m, ''), text.replace(/^h_sum.*$/m, ''))
      assert.ok(Math.abs(Number(/^h_sum (.*)$/m.exec(text)?.[1]) - sum) < 1e-6)
      for (const [i, bound] of bounds.entries()) {
        const expected = list.filter((each) => each / divisor <= bound).length
        assert.match(text, new RegExp(`^h_bucket\\{le="${bounds[i]}"\\} ${expected}$`, 'm'))
      }
    }),
  )
})

test('a value is counted under the first bound that is not below it, however close they are', () => {
  // As a 32-bit float, 1 − 2^−27 is 1, which lies over a bound that it does not reach.
  const near = [0.016, 0.063, 0.16, 1 - 2 ** -28, 1, 1.6, 63, 100]
  const neighbours = near.flatMap((bound) => [
    bound,
    bound * (1 - 2 ** -53),
    bound * (1 + 2 ** -52),
    Math.fround(bound),
  ])
  const value = fc.oneof(
    fc.constantFrom(...neighbours, 1 - 2 ** -27),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
  )
  fc.assert(
    fc.property(value, (each) => {
      const histogram = new Histogram('h', 'Help.', [], near)
      histogram.observe([], each)
      const text = histogram.text()
      for (const bound of near)
        assert.match(text, new RegExp(`^h_bucket\\{le="${bound}"\\} ${each <= bound ? 1 : 0}$`, 'm'))
    }),
  )
})

test('what is not finite is not counted', () => {
  const histogram = new Histogram('h', 'Help.', [], bounds)
  histogram.observeMany([], Float64Array.of(Number.NaN, 1), 2, 0)
  histogram.observe([], Number.POSITIVE_INFINITY)
  histogram.observe([], Number.NaN)
  assert.match(histogram.text(), /^h_count 0$/m)
  assert.match(histogram.text(), /^h_sum 0$/m)
})

test('label values are escaped', () => {
  const histogram = new Histogram('h', 'Help.', ['a'], bounds)
  histogram.observe(['x"\\\n'], 1)
  assert.match(histogram.text(), /h_count\{a="x\\"\\\\\\n"\} 1/)
})
