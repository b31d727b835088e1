// The scores that TensorFlow and float64 give: what the engine's are held against. The layers of a network are TensorFlow's;
// shares, residuals and distances are written from their definitions.

import assert from 'node:assert/strict'
import { scaled } from '../../libs/detector/fit-scaler.ts'
import type { Bend, DenseMember, Lens, Model, SequenceMember } from '../../libs/detector/model.ts'
import { reconstruct } from '../../libs/detector/tensorflow/reconstruct.ts'
import { tensorflowSequence } from './tensorflow-sequence.ts'

/** Of rows without missing values, by one member alone. */
export async function tensorflowScores(
  model: Model,
  member: DenseMember | SequenceMember,
  rows: Float32Array,
): Promise<Float64Array> {
  const { scaler } = model
  const count = rows.length / model.width
  const whole = scaled(rows, count, scaler)
  const lens = member.kind === 'dense' ? member.lens : undefined
  const bend = member.kind === 'dense' ? member.bend : undefined
  const plain = bend === undefined ? whole : bent(bend, whole)
  const z = lens === undefined ? plain : trailing(lens, whole, model.width)
  const width = z.length / count
  const found =
    member.kind === 'dense'
      ? await reconstruct('wasm', member.layers, z, count)
      : await tensorflowSequence('wasm', member.layers, z, count)
  const outputs = Float64Array.from(found)
  const { scoring } = member
  const shares = member.kind === 'dense' ? member.shares : undefined
  return Float64Array.from({ length: count }, (_, row) => {
    const y = outputs.subarray(row * width, (row + 1) * width)
    for (const { from, to } of shares?.categories ?? []) {
      assert.ok(shares !== undefined)
      const powers = y.slice(from, to).map(Math.exp)
      const all = powers.reduce((sum, power) => sum + power, to - from === 1 ? 1 : 0)
      for (let j = from; j < to; j++) y[j] = shares.low[j]! + (shares.span[j]! * powers[j - from]!) / all
    }
    const residual = y.map((expected, j) => z[row * width + j]! - expected)
    if (scoring.kind === 'error-over-train')
      return residual.reduce((sum, r, j) => sum + r ** 2 / scoring.trainError[j]!, 0) / width
    assert.ok(scoring.kind === 'mahalanobis')
    let square = 0
    for (let i = 0; i < width; i++) {
      let sum = 0
      for (let j = 0; j <= i; j++) sum += scoring.whitening[i * width + j]! * (residual[j]! - scoring.residualMean[j]!)
      square += sum * sum
    }
    return square
  })
}

/** What is seen of bent columns, from their definition. */
function bent({ center, inverse, scale }: Bend, rows: Float32Array): Float32Array {
  return rows.map((value, i) => {
    const j = i % center.length
    return scale[j]! * Math.asinh((value - center[j]!) * inverse[j]!)
  })
}

/** What a lens shows, from its definition. */
function trailing({ channels, spans, center, inverse, clip }: Lens, rows: Float32Array, width: number): Float32Array {
  const block = 4 * Math.ceil(channels / 4)
  const seen = center.length
  const count = rows.length / width
  const out = new Float32Array(count * seen)
  for (let row = 0; row < count; row++)
    for (const [s, span] of spans.entries())
      for (let channel = 0; channel < channels; channel++) {
        const own = rows.subarray(row * width, (row + 1) * width).filter((_, j) => j % channels === channel)
        const mean = own.slice(-span).reduce((sum, value) => sum + value, 0) / span
        const at = s * block + channel
        out[row * seen + at] = Math.max(-clip, Math.min(clip, (mean - center[at]!) * inverse[at]!))
      }
  return out
}
