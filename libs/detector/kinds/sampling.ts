// Sampling: the sampler of a variational network, from rows: those it learnt from, or others whose like is wanted.

import { exp } from '../../core/elementary.ts'
import { codeOf, decoderOf } from '../code.ts'
import { drawnRows } from '../generate.ts'
import type { DivergenceMember, Member } from '../model.ts'
import { logVarianceMax } from '../penalty.ts'
import { knotsOf, type Sampler, samplerKnots } from '../sampler.ts'
import { alone } from './alone.ts'
import { logVariancesOf } from './divergence.ts'
import { expectedBy } from './expected.ts'
import { filled, type TrainingRows, thinnedTo } from './kind.ts'

const storedMax = 512
/** Of what is unsaid of all stored rows: wide ones are fewer. */
const storedValuesMax = 250_000
const storedMin = 2
/** Rows that are drawn to see where they lie. */
const trialRows = 4096

/** `own` are the rows in their own units. Null where the members have no cloud of codes, or rows are too few. */
export function samplerOf(
  members: readonly Member[],
  rows: TrainingRows,
  own: Float32Array,
  seed: number,
): Sampler | null {
  const cloud = members.find((member): member is DivergenceMember => member.kind === 'divergence')
  const network = members.find((member) => member.kind === 'dense')
  const { width } = rows
  if (cloud === undefined || network === undefined || rows.count < storedMin) return null
  const model = alone(network, width)
  const [code, decoder] = [codeOf(model), decoderOf(model)]
  if (code === null || decoder === null) return null
  const most = Math.max(storedMin, Math.min(storedMax, Math.floor(storedValuesMax / width)))
  const some = thinnedTo(most, rows)
  const present = filled(some)
  const { columns } = code
  const codes = new Float32Array(some.count * columns)
  const deviations = new Float32Array(some.count * columns)
  for (let i = 0; i < some.count; i++) {
    const row = present.subarray(i * width, (i + 1) * width)
    codes.set(code.encode(row), i * columns)
    deviations.set(
      logVariancesOf(cloud, row).map((value) => exp(Math.min(logVarianceMax, Math.max(-logVarianceMax, value)) / 2)),
      i * columns,
    )
  }
  const expected = expectedBy(network, present, width)
  const unsaid = present.map((value, i) => (Number.isNaN(some.rows[i]!) ? 0 : value - expected[i]!))
  const half = { count: some.count, columns, codes, deviations, unsaid }
  const trial = drawnRows(decoder, half, width, trialRows, seed)
  return { ...half, drawn: knotsOfColumns(trial, width), wanted: knotsOfColumns(own, width) }
}

function knotsOfColumns(rows: Float32Array, width: number): Float32Array {
  const knots = new Float32Array(width * samplerKnots)
  for (let j = 0; j < width; j++) {
    const column = Float32Array.from({ length: rows.length / width }, (_, i) => rows[i * width + j]!)
    knots.set(knotsOf(column.filter((value) => !Number.isNaN(value))), j * samplerKnots)
  }
  return knots
}
