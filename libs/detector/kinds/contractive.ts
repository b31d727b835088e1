// Contractive: a network whose code is asked to stay where it is when the row moves a little, so that it follows only the
// directions in which rows do vary; beside it the linear member. The encoder is one sigmoid layer, of which the squared norm
// of the derivatives has a closed form (penalty.ts): a deeper one would cost a pass for each unit of the code.
// Source: Rifai et al., Contractive auto-encoders (2011).

import type { TrainingRows } from './kind.ts'
import { type Design, leak, straight } from './network.ts'
import { sizeOf } from './size.ts'
import { steadied } from './steadied.ts'

/** Units of the code: twice the columns within these bounds; what contracts need not be narrow. */
const unitsMin = 16
const unitsMax = 64
/** Ten times that of straight units: a sigmoid lets a quarter of a gradient through at most. */
const learningRate = 1e-2
const quick = { units: 24, hidden: 8, batchRows: 128, steps: 300 } as const
/** Against an error per column. */
const weight = 1e-2

export const contractive = steadied('contractive', contracting)

/** One for rows and seconds that count: as narrow and as quickly trained as is still worth it on the twelve tables. */
export function contractingQuickly(rows: TrainingRows): Design {
  const { plan, ...rest } = contracting(rows)
  const batchRows = Math.min(quick.batchRows, rows.count)
  return {
    ...rest,
    batchRows,
    steps: quick.steps,
    plan: { ...plan, widths: [rows.width, quick.units, quick.hidden, rows.width] },
  }
}

/** The network that such rows get. */
export function contracting({ count, width }: TrainingRows): Design {
  const { hidden, batchRows, steps } = sizeOf(count, width)
  const units = Math.min(unitsMax, Math.max(unitsMin, 2 * width))
  const plan = {
    widths: [width, units, hidden, width],
    activations: [{ kind: 'sigmoid' }, leak, straight],
    penalty: { kind: 'contractive', layer: 0, weight },
  } as const
  return { plan, batchRows, steps, learningRate }
}
