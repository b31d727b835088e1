// Onset: the steps of a window that are to blame. Scores are made up: as high as bad columns are not hidden.

import assert from 'node:assert/strict'
import test from 'node:test'
import { blamedColumns, stepWidth } from '../../libs/detector/onset.ts'
import { sampleModel } from './sample-model.ts'

const channels = 3

/** Columns of a channel in the steps [from, to). */
function steps(channel: number, from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => (from + i) * channels + channel)
}

function scoring(bad: readonly number[], asked: number[] = []) {
  return (sets: readonly (readonly number[])[]): Float32Array => {
    asked.push(sets.length)
    return Float32Array.from(sets, (hidden) => 1 + bad.filter((column) => !hidden.includes(column)).length)
  }
}

test('the steps that are bad are found, wherever in the window they lie, in a few probes', () => {
  for (const length of [1, 2, 5, 16, 64])
    for (let from = 0; from < length; from += 7)
      for (let to = from + 1; to <= Math.min(length, from + 6); to++) {
        // Of what began with the window itself, or before it, the first step may be left out.
        if (from === 0 && to > 3) continue
        const asked: number[] = []
        const found = blamedColumns(scoring(steps(1, from, to), asked), steps(1, 0, length), [], channels)
        assert.deepEqual(found, steps(1, from, to), `[${from}, ${to}) of ${length}`)
        assert.ok(asked.length <= 9 && asked.every((rows) => rows <= 16), `probes of ${asked} rows`)
      }
})

test('of a longer window they are found to within so many steps as it is longer', () => {
  for (let from = 150; from < 254; from += 3) {
    const found = blamedColumns(scoring(steps(1, from, 256)), steps(1, 0, 256), [], channels)
    const first = Math.floor((found[0] ?? 0) / channels)
    assert.ok(from - first >= 0 && from - first < 4 && found.at(-1) === 255 * channels + 1, `${first} for ${from}`)
  }
})

test('what is bad elsewhere and hidden is left alone; steps without a value are none', () => {
  const other = steps(2, 3, 6)
  const hide = scoring([...steps(0, 6, 10), ...other])
  assert.deepEqual(blamedColumns(hide, steps(0, 0, 10), other, channels), steps(0, 6, 10))
  const holed = steps(0, 0, 10).filter((column) => column !== 7 * channels)
  assert.deepEqual(
    blamedColumns(hide, holed, other, channels),
    [6, 8, 9].map((step) => step * channels),
  )
})

test('a step is the least period of the features; a row that is no window is one', () => {
  const of = (groups: number[]): number => {
    const model = sampleModel({
      widths: [groups.length, 2, groups.length],
      activation: { kind: 'relu' },
      scoring: 'error-over-train',
      members: 1,
      seed: 1,
    })
    return stepWidth({ ...model, layout: { ...model.layout, groups: Int32Array.from(groups) } })
  }
  assert.equal(of([0, 1, 1, 2, 0, 1, 1, 2, 0, 1, 1, 2]), 4)
  assert.equal(of([0, 1, 2, 3, 4, 5]), 6)
  assert.equal(of([0, 0, 0, 0]), 1)
})
