// Sparse: a network whose code is wide, but whose units are on a small share of the time each, so that every row is told by
// the few that it needs; beside it the linear member. The share is asked for by the divergence of each unit's mean over the
// batch from it (penalty.ts); the code is a sigmoid, so that "on" has a meaning.
// Source: Ng, Sparse autoencoder (2011).

import type { TrainingRows } from './kind.ts'
import { type Design, leak, straight } from './network.ts'
import { sizeOf } from './size.ts'
import { steadied } from './steadied.ts'

/** Units of the code: twice the columns within these bounds, so that mostly only sparsity forbids to copy. */
const unitsMin = 16
const unitsMax = 64
/** Share of the time that a unit is to be on. */
const share = 0.05
/** Ten times that of straight units: a sigmoid lets a quarter of a gradient through at most. */
const learningRate = 1e-2
/** Against an error per column. */
const weight = 3e-3

export const sparse = steadied('sparse', ({ count, width }: TrainingRows): Design => {
  const { hidden, batchRows, steps } = sizeOf(count, width)
  const units = Math.min(unitsMax, Math.max(unitsMin, 2 * width))
  const plan = {
    widths: [width, hidden, units, hidden, width],
    activations: [leak, { kind: 'sigmoid' }, leak, straight],
    penalty: { kind: 'sparse', layer: 1, weight, share },
  } as const
  return { plan, batchRows, steps, learningRate }
})
