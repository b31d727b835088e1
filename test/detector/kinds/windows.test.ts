import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Failure } from '../../../libs/core/failure.ts'
import { fit } from '../../../libs/detector/fit.ts'
import { scoresOf } from '../../../libs/detector/scores.ts'
import { planted, requestOf } from '../planted.ts'

const width = 24
const more = { kind: 'ensemble', steps: 8, groups: Int32Array.from({ length: width }, (_, j) => j % 3) } as const

test('a fit to windows tells how far it is, and what the blocks held out had for an error', async () => {
  const shares: number[] = []
  await fit(
    requestOf(planted(400, width, 1), width, {
      ...more,
      onProgress: (share, loss) => {
        assert.ok(Number.isFinite(loss) && loss > 0, `${loss}`)
        shares.push(share)
      },
    }),
  )
  assert.ok(shares.length >= 3, `${shares}`)
  assert.deepEqual(shares, shares.slice().sort())
})

test('a fit to windows stops at its deadline, wherever it is', async () => {
  for (const atMs of [0, 5, 30]) {
    let nowMs = 0
    const deadline = { nowMs: () => nowMs++, atMs }
    const late = fit(requestOf(planted(400, width, 1), width, { ...more, deadline }))
    await assert.rejects(late, (thrown) => thrown instanceof Failure && thrown.code === 'timeout')
  }
})

test('a series that repeats itself does not alarm: what rounding leaves of an error is none', async () => {
  const count = 150
  const series = (at: number): number => [1, 2, 3][at % 3] ?? 0
  const rows = Float32Array.from({ length: count * width }, (_, i) => {
    const [row, column] = [Math.floor(i / width), i % width]
    return series(row + Math.floor(column / 3) + (column % 3))
  })
  const model = await fit(requestOf(rows, width, more))
  assert.ok(scoresOf(model, rows).every((score) => score <= model.calibration.threshold))
  const broken = rows.slice(0, width)
  broken[width - 1]! += 1
  assert.ok((scoresOf(model, broken)[0] ?? 0) > model.calibration.threshold)
})

test('windows of which a block leaves none to learn from are refused', async () => {
  const wide = 64 * 3
  const groups = Int32Array.from({ length: wide }, (_, j) => j % 3)
  const asked = fit(requestOf(planted(110, wide, 1), wide, { ...more, steps: 64, groups }))
  await assert.rejects(
    asked,
    (thrown) =>
      thrown instanceof Failure && thrown.code === 'data-too-little' && /110 windows of 64 rows/.test(thrown.message),
  )
})
