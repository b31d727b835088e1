import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Failure } from '../../libs/core/failure.ts'
import { calibrationRowsMin } from '../../libs/detector/calibration.ts'
import { fitRowsMin, holdOut, splitRows } from '../../libs/detector/fit-split.ts'

test('parts are in the order of time, do not overlap, end with the newest row and hold enough', () => {
  for (const count of [fitRowsMin, 101, 250, 1000, 10_000, 1_000_000]) {
    const { train, calibrate } = splitRows(count)
    assert.ok(train.from === 0 && train.to - train.from >= 50, `${count}`)
    assert.ok(train.to <= calibrate.from && calibrate.to === count)
    assert.ok(calibrate.to - calibrate.from >= calibrationRowsMin)
    if (count >= 250) assert.ok(calibrate.from - train.to > 0, `a gap with ${count}`)
    const { fit, validate } = holdOut(count)
    assert.ok(fit.from === 0 && fit.to <= validate.from && validate.to === count)
  }
})

test('too few rows are refused', () => {
  assert.throws(
    () => splitRows(fitRowsMin - 1),
    (thrown) => thrown instanceof Failure && thrown.code === 'data-too-little',
  )
})
