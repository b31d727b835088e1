// Generate: rows that a variational detector makes up. A code is drawn, its network decodes it to what is expected of such a
// row, and what the network leaves unsaid of one of the nearest rows comes on top; then each column is moved, value by value,
// to where as many of the rows lay below.
// Codes come from the clouds of the rows learnt from, each as likely as another (sampler.ts), not from the standard normal:
// a detector is trained to restore rows rather than to bring its codes there, so that between the clouds it knows nothing.
// What is unsaid is another row's: together with the cloud this makes rows that are like none in all their columns.
// Invariants
//   G1 the same model and seed give the same rows to the bit.
//   G2 every value lies within those of the rows learnt from; a column that never moved keeps its value.
// Sources: Makhzani et al., Adversarial autoencoders (2016), for the aggregated posterior; Efron, Bootstrap methods (1979).

import { Failure } from '../core/failure.ts'
import { Random } from '../core/random.ts'
import { type Decoder, decoderOf } from './code.ts'
import type { Model } from './model.ts'
import { placed, type Sampler, samplerKnots } from './sampler.ts'

/** Rows of which one says what is left unsaid. */
const nearest = 5

/** `count` rows in the row's own units, stride = width. */
export function generate(model: Model, count: number, seed: number, sampler = model.sampler): Float32Array {
  const decoder = decoderOf(model)
  if (model.kind !== 'variational' || decoder === null)
    throw new Failure(
      'usage',
      `only a variational detector of two columns and more makes rows up, none of ${model.kind}`,
    )
  if (sampler === undefined)
    throw new Failure(
      'usage',
      'this detector keeps no codes of the rows it learnt from; fit it again, or give rows like them',
    )
  const { width } = model
  const rows = drawnRows(decoder, sampler, width, count, seed)
  for (let j = 0; j < width; j++) {
    const [drawn, wanted] = [knotsAt(sampler.drawn, j), knotsAt(sampler.wanted, j)]
    for (let at = j; at < rows.length; at += width) rows[at] = placed(drawn, wanted, rows[at]!)
  }
  return rows
}

function knotsAt(knots: Float32Array, column: number): Float32Array {
  return knots.subarray(column * samplerKnots, (column + 1) * samplerKnots)
}

/** Scaled, before the columns are moved. */
export function drawnRows(
  decoder: Decoder,
  { codes, deviations, unsaid, columns, count: stored }: Omit<Sampler, 'drawn' | 'wanted'>,
  width: number,
  count: number,
  seed: number,
): Float32Array {
  const random = Random.derived(seed, 'made up')
  const around = nearestOf(codes, stored, columns)
  const near = around.length / stored
  const rows = new Float32Array(count * width)
  const code = new Float32Array(columns)
  for (let row = 0; row < count; row++) {
    const chosen = random.integer(stored)
    for (let c = 0; c < columns; c++) {
      code[c] = codes[chosen * columns + c]! + deviations[chosen * columns + c]! * random.normal()
    }
    const other = around[chosen * near + random.integer(near)]! * width
    const decoded = decoder.decode(code)
    for (let j = 0; j < width; j++) rows[row * width + j] = decoded[j]! + unsaid[other + j]!
  }
  return rows
}

/** Of each code, the positions of those nearest to it, itself left out. */
function nearestOf(codes: Float32Array, count: number, columns: number): Int32Array {
  const near = Math.min(nearest, count - 1)
  const found = new Int32Array(count * near)
  const squares = new Float64Array(count)
  for (let i = 0; i < count; i++) {
    for (let k = 0; k < count; k++) {
      let sum = 0
      for (let c = 0; c < columns; c++) sum += (codes[i * columns + c]! - codes[k * columns + c]!) ** 2
      squares[k] = k === i ? Number.POSITIVE_INFINITY : sum
    }
    const order = Int32Array.from({ length: count }, (_, k) => k).sort((a, b) => squares[a]! - squares[b]! || a - b)
    found.set(order.subarray(0, near), i * near)
  }
  return found
}
