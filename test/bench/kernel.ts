// Kernel: microseconds a row from rows in memory to scores, one core, against the time that the layers' multiplications
// and additions alone would take at the 128-bit ceiling of this core, measured in the same run by a loop of nothing else.
// Writing the row into the detector's input, scaling and the error are included in the value, not in the floor; the triangle
// that whitens residuals (Mahalanobis) is in both.
// Budget: 30-16-8-16-30 at most 0.1 µs a row at any batch size, at most twice the floor.

import { type Engine, engine } from '../../libs/detector/engine.ts'
import { twinKernel, wasmKernel } from '../../libs/detector/kernel/kernel.ts'
import { type Shape, sampleModel, sampleRows } from '../detector/sample-model.ts'
import { ceiling } from './ceiling.ts'
import { atMost, type Budget, type Figure, figure, inTurn, type Size, wallUs } from './figure.ts'

const SEED = 7
const ROUNDS: Record<Size, number> = { full: 300, quick: 60 }
const WARM = 10
const ROUND_US = 400
const ROWS = 1024
/** Of the narrow network alone, whatever the batch. */
const narrowBudgets: readonly Budget[] = [atMost('value', 0.1), atMost('ratio', 2)]

/** Rows between two looks at the clock. */
function rowsOf(batch: number): number {
  return Math.max(batch, 512)
}

/** One round: microseconds a row. */
function round(running: Engine, rows: Float32Array, scores: Float32Array, batch: number): number {
  const { input, width } = running
  const views = Array.from({ length: Math.floor(rowsOf(batch) / batch) }, (_, i) => {
    return rows.subarray(i * batch * width, (i + 1) * batch * width)
  })
  const start = wallUs()
  let done = 0
  let elapsed = 0
  while (elapsed < ROUND_US) {
    for (let i = 0; i < views.length; i++) {
      input.set(views[i]!)
      running.score(batch, scores)
    }
    done += views.length * batch
    elapsed = wallUs() - start
  }
  return elapsed / done
}

const narrow: Omit<Shape, 'scoring'> = {
  widths: [30, 16, 8, 16, 30],
  activation: { kind: 'relu' },
  members: 1,
  seed: SEED,
}
const cases: readonly { readonly name: string; readonly shape: Shape; readonly batches: readonly number[] }[] = [
  {
    name: '30-16-8-16-30 relu, error',
    shape: { ...narrow, scoring: 'error-over-train' },
    batches: [1, 2, 3, 4, 16, 128, 1024],
  },
  {
    name: '30-16-8-16-30 relu, Mahalanobis',
    shape: { ...narrow, scoring: 'mahalanobis' },
    batches: [1, 16, 128, 1024],
  },
  {
    name: '30-16-8-16-30 tanh, Mahalanobis',
    shape: { ...narrow, activation: { kind: 'tanh' }, scoring: 'mahalanobis' },
    batches: [1, 128, 1024],
  },
  {
    name: '784-32-784 relu, error',
    shape: { ...narrow, widths: [784, 32, 784], scoring: 'error-over-train' },
    batches: [1, 16, 128, 1024],
  },
]

/** Of the layers, and of the triangle that whitens the residual. */
function flopsOf({ widths, scoring }: Shape): number {
  const width = widths[0] ?? 0
  const layers = widths.slice(1).reduce((sum, outputs, i) => sum + 2 * outputs * (widths[i] ?? 0), 0)
  return layers + (scoring === 'mahalanobis' ? width * (width + 1) : 0)
}

export async function kernel(size: Size): Promise<readonly Figure[]> {
  const ceilingRound = await ceiling()
  const figures: Figure[] = []
  for (const { name, shape, batches } of cases) {
    const model = sampleModel(shape)
    const rows = sampleRows(model, ROWS, 0, SEED)
    const scores = new Float32Array(1024)
    const flops = flopsOf(shape)
    for (const make of [wasmKernel, twinKernel]) {
      const twin = make === twinKernel
      if (twin && name !== cases[0]?.name) continue
      const running = engine(model, make)
      for (const batch of twin ? [1024] : batches) {
        const scored = (): number => round(running, rows, scores, batch)
        const { value, floor } = await inTurn(ROUNDS[size], WARM, scored, ceilingRound)
        figures.push(
          figure({
            name: `score ${name}, batch ${batch}${twin ? ', plain TypeScript' : ''}`,
            value,
            unit: 'µs/row',
            floor: floor * flops,
            floorName: `${flops} operations at the 128-bit mul+add ceiling (${(1 / (1000 * floor)).toFixed(0)} GF/s)`,
            budgets: name === cases[0]?.name && !twin ? narrowBudgets : [],
            notMeasured: 'explaining; rows with missing values',
          }),
        )
      }
    }
  }
  return figures
}
