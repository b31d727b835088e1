import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Failure } from '../../libs/core/failure.ts'
import { fitRowsMin, folds, holdOut } from '../../libs/detector/fit-split.ts'

const counts = [fitRowsMin, 101, 250, 1000, 10_000, 1_000_003]

const paces = ['quick', 'slow'] as const

test('P1 held blocks cover every row once, in the order of time, and are alike in size', () => {
  for (const [count, pace] of counts.flatMap((each) => paces.map((pace) => [each, pace] as const))) {
    let next = 0
    const sizes = folds(count, pace).map(({ held }) => {
      assert.equal(held.from, next)
      next = held.to
      return held.to - held.from
    })
    assert.equal(next, count)
    assert.ok(sizes.length > 1 && Math.max(...sizes) - Math.min(...sizes) <= 1, `${count}: ${sizes}`)
  }
})

test('P2 what trains keeps a gap to the block on both sides, and enough is left', () => {
  for (const [count, pace] of counts.flatMap((each) => paces.map((pace) => [each, pace] as const))) {
    for (const { held, train } of folds(count, pace)) {
      const [before, after] = train
      assert.equal(before.from, 0)
      assert.equal(after.to, count)
      assert.ok(before.to <= before.from || before.to < held.from, `${count}: a gap before`)
      assert.ok(after.from === count || after.from > held.to, `${count}: a gap after`)
      assert.ok(before.to - before.from + after.to - after.from >= 50)
    }
  }
})

test('the rows that only the gate sees are the newest', () => {
  for (const count of counts) {
    const { fit, validate } = holdOut(count)
    assert.ok(fit.from === 0 && fit.to <= validate.from && validate.to === count)
  }
})

test('too few rows are refused', () => {
  assert.throws(
    () => folds(fitRowsMin - 1),
    (thrown) => thrown instanceof Failure && thrown.code === 'data-too-little',
  )
})
