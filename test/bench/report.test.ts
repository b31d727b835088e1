// The report: what it says of a budget, and that it writes between its markers only.

import assert from 'node:assert/strict'
import test from 'node:test'
import { atLeast, atMost, figure, met, quantile } from './figure.ts'
import { line, marker, report, shown, withMeasured } from './report.ts'

const of = { name: 'a', unit: 'µs', floorName: 'b', notMeasured: 'c' }
const machine = { processor: 'P', cores: 2, node: 'v20', date: '2026-01-01' }

test('a budget is of the value, of its ratio to the floor or of its excess', () => {
  const one = figure({ ...of, value: 3, floor: 2 })
  assert.equal(one.ratio, 1.5)
  assert.ok(met(one, atMost('value', 3)))
  assert.ok(!met(one, atMost('value', 2.9)))
  assert.ok(met(one, atLeast('ratio', 1.5)))
  assert.ok(!met(one, atLeast('ratio', 1.6)))
  assert.ok(met(one, atMost('excess', 1)))
  assert.ok(!met(one, atMost('excess', 0.9)))
})

test('a missed budget says by how much', () => {
  const missed = figure({ ...of, value: 3, floor: 2, budgets: [atMost('value', 2), atMost('ratio', 2)] })
  assert.match(line(missed), /missed.*: value is 1\.5 × 2/)
  assert.match(report([missed], [], machine), /\| ≤ 2 µs, ≤ 2 × floor \| \*\*missed\*\*/)
  assert.match(report([figure({ ...of, value: 1, floor: 2, budgets: [atMost('value', 2)] })], [], machine), /\| met \|/)
})

test('every column of every row is there', () => {
  const text = report([figure({ ...of, value: 1, floor: 2 })], [{ bench: 'kafka', reason: 'none' }], machine)
  for (const row of text.split('\n').filter((each) => each.startsWith('|'))) assert.equal(row.split('|').length, 11)
  assert.match(text, /Not measured: kafka: none/)
})

test('the document keeps what is by hand', () => {
  const written = withMeasured(`before ${marker.from} old ${marker.to} after`, 'new')
  assert.equal(written, `before ${marker.from}\n\nnew\n\n${marker.to} after`)
  assert.throws(() => withMeasured('none', 'new'), /has no/)
})

test('numbers have three digits, quantiles are values that occurred', () => {
  assert.deepEqual([0.012345, 12.345, 1_234_567, Number.NaN].map(shown), ['0.0123', '12.3', '1,230,000', '–'])
  assert.equal(quantile([4, 1, 3, 2], 0.5), 2)
  assert.equal(quantile([1, 2, 3], 0.99), 3)
})
