// Layers over steps in the engine: the same bits from both kernels and for every batch, and what their definitions say.

import assert from 'node:assert/strict'
import test from 'node:test'
import { artefact, parseArtefact } from '../../libs/detector/artefact.ts'
import { type Engine, engine } from '../../libs/detector/engine.ts'
import { twinKernel, wasmKernel } from '../../libs/detector/kernel/kernel.ts'
import { sampleRows } from './sample-model.ts'
import { reconstructed, sequenceModel, sequences } from './sequence-model.ts'

const seed = Number(process.env['SEED'] ?? 7)

function scores(running: Engine, rows: Float32Array, batch: number): Float32Array {
  const count = rows.length / running.width
  const result = new Float32Array(count)
  for (let from = 0; from < count; from += batch) {
    const size = Math.min(batch, count - from)
    running.input.set(rows.subarray(from * running.width, (from + size) * running.width))
    running.score(size, result.subarray(from))
  }
  return result
}

for (const { name, forms } of sequences) {
  const model = sequenceModel(forms, seed)
  const { width } = model

  test(`${name}: both kernels give the same bits, for every batch, missing values included`, () => {
    const rows = sampleRows(model, 70, 0.01, seed)
    const running = engine(model, wasmKernel)
    const whole = scores(running, rows, 70)
    assert.deepEqual(whole, scores(engine(model, twinKernel), rows, 70))
    for (const batch of [1, 2, 3, 5, 64]) assert.deepEqual(scores(running, rows, batch), whole, `batch ${batch}`)
  })

  test(`${name}: a reconstruction is what the layers' definitions say`, () => {
    const running = engine(model)
    const { mean, inverseScale } = model.scaler
    for (let i = 0; i < 5; i++) {
      const row = sampleRows(model, 1, 0, seed + i)
      const wanted = reconstructed(
        model.members[0]!,
        Array.from(row, (x, j) => Math.fround(Math.fround(x - mean[j]!) * inverseScale[j]!)),
      )
      running.side.set(row)
      running.examine()
      const found = running.views[0]!.reconstructed
      for (let j = 0; j < width; j++)
        assert.ok(Math.abs(found[j]! - wanted[j]!) < 1e-5, `row ${i} column ${j}: ${found[j]} for ${wanted[j]}`)
    }
  })

  test(`${name}: an artefact brings back the same layers`, () => {
    const read = parseArtefact(artefact(model, sampleRows(model, 8, 0, seed)))
    assert.deepEqual(read.members, model.members)
  })
}
