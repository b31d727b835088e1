// Same bits: what every member promises of its scores, whichever kernel runs it and however rows are cut into batches.

import assert from 'node:assert/strict'
import { engine } from '../../libs/detector/engine.ts'
import { twinKernel, wasmKernel } from '../../libs/detector/kernel/kernel.ts'
import type { Model } from '../../libs/detector/model.ts'
import { scoresOf } from '../../libs/detector/scores.ts'
import { sampleRows } from './sample-model.ts'

const count = 150

/** Of rows of which some cells are missing; at least `distinctMin` of their 150 scores differ. */
export function assertSameBits(model: Model, distinctMin = 2): void {
  const { width } = model
  const rows = sampleRows(model, count, 0.05, 2)
  const whole = scoresOf(model, rows)
  const distinct = new Set(whole).size
  assert.ok(distinct >= distinctMin, `${distinct} different scores`)
  const twin = engine(model, twinKernel)
  const found = new Float32Array(count)
  twin.input.set(rows)
  twin.score(count, found)
  assert.deepEqual(found, whole)
  const wasm = engine(model, wasmKernel)
  const one = new Float32Array(1)
  for (let i = 0; i < count; i++) {
    wasm.input.set(rows.subarray(i * width, (i + 1) * width))
    wasm.score(1, one)
    assert.equal(one[0], whole[i])
  }
}
