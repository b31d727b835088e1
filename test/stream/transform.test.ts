import assert from 'node:assert/strict'
import { test } from 'node:test'
import { transforms } from '../../libs/stream/spec.ts'
import { restored, transformed } from '../../libs/stream/transform.ts'

const values = [0, 1e-300, 1e-9, 0.5, 1, 2, 1234.5, 1e6, 1e15]

for (const transform of transforms) {
  test(`${transform} is odd, increasing and undone by its inverse`, () => {
    let before = Number.NEGATIVE_INFINITY
    for (const x of [...values.map((value) => -value).reverse(), ...values.slice(1)]) {
      const y = transformed(transform, x)
      assert.ok(Number.isFinite(y))
      assert.ok(y > before, `${transform}(${x}) = ${y} after ${before}`)
      before = y
      assert.equal(transformed(transform, -x) + 0, -y + 0)
      assert.ok(Math.abs(restored(transform, y) - x) <= Math.abs(x) * 1e-13, `${transform} ${x}`)
    }
    assert.ok(Number.isNaN(transformed(transform, Number.NaN)))
  })
}
