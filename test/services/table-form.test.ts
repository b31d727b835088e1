// Table form: which tables are series, and that a detector's file says so.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Random } from '../../libs/core/random.ts'
import { noveltiesOf } from '../../libs/stream/novelty-feature.ts'
import { formIn, formOf, revisionOf, rowsIn } from '../../services/cli/table-form.ts'

test('one column is a series to the ensemble alone, and a layout says what it was', () => {
  assert.equal(formOf('ensemble', ['a']), 'novelties')
  assert.equal(formOf('ensemble', ['a', 'b']), 'values')
  assert.equal(formOf('denoising', ['a']), 'values')
  for (const form of ['novelties', 'values'] as const) {
    const layout = { revision: revisionOf(['a'], 1, form), features: ['a'], groups: new Int32Array(1) }
    assert.equal(formIn(layout), form)
  }
})

test('rows of each key are a series, and other columns stay', () => {
  const random = new Random(3)
  const series = [300, 500].map((count) => Float32Array.from({ length: count }, () => random.normal()))
  const keys = Uint32Array.from({ length: 800 }, (_, i) => (i < 600 ? i % 2 : 1))
  const left = series.map((own) => [...own])
  const cells = Float32Array.from({ length: 1600 }, (_, i) =>
    i % 2 === 1 ? -i : (left[keys[i >> 1] ?? 0]?.shift() ?? 0),
  )
  const rows = rowsIn('novelties', { cells, keys }, 2)
  for (const [key, own] of series.entries()) {
    const found = rows.filter((_, i) => i % 2 === 0 && keys[i >> 1] === key)
    assert.deepEqual(found, noveltiesOf(own))
    assert.ok(found.some((x) => x > 0))
  }
  assert.ok(rows.every((x, i) => i % 2 === 0 || x === -i))
  assert.equal(rowsIn('values', { cells }, 2), cells)
})
