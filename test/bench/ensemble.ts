// Ensemble: the default detector on rows of 30 columns: seconds to fit it to 50,000 rows, calibration included, and then
// microseconds a row. The floor of the fit is six trainings of its network alone, one for each fit that calibration takes;
// that of a row is the products of a look at every stored row, at the 128-bit ceiling: what its cells save.

import { engine, rowsMax } from '../../libs/detector/engine.ts'
import { fit } from '../../libs/detector/fit.ts'
import { filled } from '../../libs/detector/kinds/kind.ts'
import { hourglass, network } from '../../libs/detector/kinds/network.ts'
import { sizeOf } from '../../libs/detector/kinds/size.ts'
import { planted, requestOf } from '../detector/planted.ts'
import { ceiling } from './ceiling.ts'
import { atMost, cpuUs, type Figure, figure, inTurn, type Size } from './figure.ts'

const WIDTH = 30
const ROWS: Record<Size, number> = { full: 50_000, quick: 5_000 }
const ROUNDS: Record<Size, number> = { full: 100, quick: 20 }
const FITS = 6
const STEPS = 1500
const FIT_SECONDS_MAX = 10
const ROW_US_MAX = 5

export async function ensemble(size: Size): Promise<readonly Figure[]> {
  const rows = planted(ROWS[size], WIDTH, 1)
  const begin = cpuUs()
  const model = await fit(requestOf(rows, WIDTH, { kind: 'ensemble' }))
  const fitSeconds = (cpuUs() - begin) / 1e6
  const running = engine(model)
  const scores = new Float32Array(rowsMax)
  const fresh = planted(rowsMax, WIDTH, 2)
  const round = (): number => {
    const from = cpuUs()
    running.input.set(fresh)
    running.score(rowsMax, scores)
    return (cpuUs() - from) / rowsMax
  }
  const { value, floor } = await inTurn(ROUNDS[size], 5, round, await ceiling())
  const stored = model.members.reduce((sum, member) => sum + (member.kind === 'neighbours' ? member.count : 0), 0)
  const operations = 2 * stored * WIDTH
  return [
    figure({
      name: `fit the ensemble, ${ROWS[size].toLocaleString('en')} rows of ${WIDTH} columns`,
      value: fitSeconds,
      unit: 's of one core',
      floor: FITS * (await networkSeconds(rows)),
      floorName: `its network trained ${FITS} times`,
      budgets: [atMost('value', FIT_SECONDS_MAX)],
      notMeasured: 'reading the rows, the gate',
    }),
    figure({
      name: `score by the ensemble, ${WIDTH} columns, batch ${rowsMax}`,
      value,
      unit: 'µs/row',
      floor: floor * operations,
      floorName: `a look at all ${stored.toLocaleString('en')} stored rows at the 128-bit mul+add ceiling`,
      budgets: [atMost('value', ROW_US_MAX)],
      notMeasured: 'explaining; rows with missing values',
    }),
  ]
}

async function networkSeconds(rows: Float32Array): Promise<number> {
  const training = {
    rows: filled({ rows, count: rows.length / WIDTH, width: WIDTH }),
    count: rows.length / WIDTH,
    width: WIDTH,
  }
  const size = sizeOf(training.count, WIDTH)
  const design = hourglass(WIDTH, { ...size, code: WIDTH / 2, steps: STEPS })
  const options = {
    seed: 1,
    steps: 1,
    setting: 'balanced',
    loss: 'squared',
    backend: 'auto',
    onProgress: () => undefined,
  } as const
  const groups = Int32Array.from({ length: WIDTH }, (_, j) => j)
  const begin = cpuUs()
  await network(training, design, () => undefined, { ...options, groups })
  return (cpuUs() - begin) / 1e6
}
