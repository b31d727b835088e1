import assert from 'node:assert/strict'
import { test } from 'node:test'
import { anomalyKinds, gradesOf, injected } from '../../libs/detector/gate-anomalies.ts'
import { planted } from './planted.ts'

const width = 6

for (const kind of anomalyKinds) {
  test(`${kind}: rows differ from those they were made of, which stay as they are; a seed gives the same rows`, () => {
    const rows = planted(200, width, 1)
    const before = rows.slice()
    // Two features over three steps.
    const source = { rows, count: 200, width, groups: Int32Array.from([0, 1, 0, 1, 0, 1]), seed: 3 }
    const made = injected(kind, source, 100)
    assert.deepEqual(rows, before)
    assert.deepEqual(injected(kind, source, 100), made)
    let changed = 0
    for (let i = 0; i < 100; i++) {
      const own = made.subarray(i * width, (i + 1) * width)
      const origin = rows.subarray(2 * i * width, (2 * i + 1) * width)
      if (own.some((value, j) => value !== origin[j])) changed++
    }
    // Swapping a column with itself changes nothing, nor does another row that is the same.
    assert.ok(changed >= (kind === 'swapped' ? 30 : 98), `${changed} of 100 changed`)
  })
}

test('rows of constant columns have nothing to break and come back as they are', () => {
  const rows = new Float32Array(60).fill(7)
  const source = { rows, count: 20, width: 3, groups: Int32Array.from([0, 1, 2]), seed: 1 }
  assert.deepEqual(injected('spike', source, 20), rows)
})

test('grades take turns, the later the larger', () => {
  const rows = planted(600, width, 1)
  const groups = Int32Array.from({ length: width }, (_, j) => j)
  for (const kind of anomalyKinds) {
    const grades = gradesOf(kind)
    const made = injected(kind, { rows, count: 600, width, groups, seed: 2 }, 600)
    const moved = new Float64Array(grades)
    for (let i = 0; i < rows.length; i++)
      moved[Math.floor(i / width) % grades]! += Math.abs((made[i] ?? 0) - (rows[i] ?? 0))
    assert.deepEqual(
      [...moved],
      [...moved].sort((a, b) => a - b),
      kind,
    )
  }
})

test('a missing value stays missing or is set, and makes no other missing', () => {
  const rows = planted(200, width, 1)
  for (let i = 0; i < rows.length; i += 7) rows[i] = Number.NaN
  const missing = (of: Float32Array): number => of.reduce((sum, value) => sum + (Number.isNaN(value) ? 1 : 0), 0)
  const groups = Int32Array.from([0, 1, 0, 1, 0, 1])
  for (const kind of anomalyKinds) {
    const made = injected(kind, { rows, count: 200, width, groups, seed: 3 }, 200)
    assert.ok(missing(made) <= missing(rows) * 1.4, `${kind}: ${missing(made)} of ${missing(rows)}`)
  }
})

test('in a window a level shift and a drift last, the drift growing', () => {
  const rows = planted(100, width, 1)
  const source = { rows, count: 100, width, groups: Int32Array.from([0, 1, 0, 1, 0, 1]), seed: 3 }
  const shift = injected('level-shift', source, 100)
  const drift = injected('drift', source, 100)
  const by = (made: Float32Array, i: number, step: number): number =>
    [0, 1].reduce(
      (sum, j) => sum + Math.abs((made[i * width + 2 * step + j] ?? 0) - (rows[i * width + 2 * step + j] ?? 0)),
      0,
    )
  for (let i = 0; i < 100; i++) {
    assert.ok(by(shift, i, 0) > 0 && by(shift, i, 2) > 0)
    assert.ok(by(drift, i, 0) > 0 && by(drift, i, 0) < 0.5 * by(drift, i, 2))
  }
})
