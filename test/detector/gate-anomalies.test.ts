import assert from 'node:assert/strict'
import { test } from 'node:test'
import { anomalyKinds, injected } from '../../libs/detector/gate-anomalies.ts'
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
    // Swapping a column with itself changes nothing.
    assert.ok(changed >= (kind === 'swapped' ? 30 : 100), `${changed} of 100 changed`)
  })
}

test('rows of constant columns have nothing to break and come back as they are', () => {
  const rows = new Float32Array(60).fill(7)
  const source = { rows, count: 20, width: 3, groups: Int32Array.from([0, 1, 2]), seed: 1 }
  assert.deepEqual(injected('spike', source, 20), rows)
})
