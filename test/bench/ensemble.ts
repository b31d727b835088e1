// Ensemble: the default detector in each of its settings, on rows of 30 columns: seconds to fit it to 50,000 rows, calibration
// included, and then microseconds a row. The floor of a fit is the training of its network alone, once for each fit that
// calibration takes; that of a row is, of `fast`, the products of its network, and of the others those of a look at every
// stored row, all at the 128-bit ceiling: what cells save.

import { engine, rowsMax } from '../../libs/detector/engine.ts'
import { fit } from '../../libs/detector/fit.ts'
import { contracting, contractingQuickly } from '../../libs/detector/kinds/contractive.ts'
import { network } from '../../libs/detector/kinds/network.ts'
import type { DenseLayer, Model } from '../../libs/detector/model.ts'
import { type DetectorSetting, detectorSettings } from '../../libs/stream/spec.ts'
import { planted, requestOf } from '../detector/planted.ts'
import { ceiling } from './ceiling.ts'
import { atMost, cpuUs, type Figure, figure, inTurn, least, type Size } from './figure.ts'

const WIDTH = 30
const ROWS: Record<Size, number> = { full: 50_000, quick: 5_000 }
interface Limits {
  readonly fitSeconds: number
  readonly rowUs: number
  /** How often it is fitted here. */
  readonly fits: number
  /** Times that a calibrated detector learns: for each block that is held out, and once on all rows. */
  readonly learnt: number
  readonly rounds: Record<Size, number>
}
const limits: Record<DetectorSetting, Limits> = {
  fast: { fitSeconds: 1, rowUs: 0.3, fits: 5, learnt: 4, rounds: { full: 300, quick: 30 } },
  balanced: { fitSeconds: 10, rowUs: 5, fits: 1, learnt: 6, rounds: { full: 100, quick: 20 } },
  best: { fitSeconds: 120, rowUs: 500, fits: 1, learnt: 6, rounds: { full: 50, quick: 10 } },
}

export async function ensemble(size: Size): Promise<readonly Figure[]> {
  const rows = planted(ROWS[size], WIDTH, 1)
  const figures: Figure[] = []
  for (const setting of detectorSettings) {
    const { model, seconds } = await fitted(rows, setting)
    const { learnt } = limits[setting]
    figures.push(
      figure({
        name: `fit the ensemble, ${setting}, ${ROWS[size].toLocaleString('en')} rows of ${WIDTH} columns`,
        value: seconds,
        unit: 's of one core',
        floor: learnt * (await networkSeconds(rows, setting)),
        floorName: `its network trained ${learnt} times`,
        budgets: [atMost('value', limits[setting].fitSeconds)],
        notMeasured: 'reading the rows, the gate',
      }),
      await scored(model, setting, limits[setting].rounds[size]),
    )
  }
  return figures
}

/** The least of some fits where a fit takes a moment: the first of them would tell how long code takes to get warm. */
async function fitted(rows: Float32Array, setting: DetectorSetting): Promise<{ model: Model; seconds: number }> {
  const times: number[] = []
  for (;;) {
    const begin = cpuUs()
    const model = await fit(requestOf(rows, WIDTH, { kind: 'ensemble', setting }))
    times.push((cpuUs() - begin) / 1e6)
    if (times.length === limits[setting].fits) return { model, seconds: least(times) }
  }
}

async function scored(model: Model, setting: DetectorSetting, rounds: number): Promise<Figure> {
  const running = engine(model)
  const scores = new Float32Array(rowsMax)
  const fresh = planted(rowsMax, WIDTH, 2)
  const round = (): number => {
    const from = cpuUs()
    running.input.set(fresh)
    running.score(rowsMax, scores)
    return (cpuUs() - from) / rowsMax
  }
  const { value, floor } = await inTurn(rounds, 5, round, await ceiling())
  const stored = model.members.reduce((sum, member) => sum + (member.kind === 'neighbours' ? member.count : 0), 0)
  const layers = model.members.flatMap((member) => (member.kind === 'dense' ? member.layers : []))
  const products = stored > 0 ? stored * WIDTH : layers.reduce((sum, layer) => sum + productsOf(layer), 0)
  const looked = `a look at all ${stored.toLocaleString('en')} stored rows`
  return figure({
    name: `score by the ensemble, ${setting}, ${WIDTH} columns, batch ${rowsMax}`,
    value,
    unit: 'µs/row',
    floor: floor * 2 * products,
    floorName: `${stored > 0 ? looked : "its network's products"} at the 128-bit mul+add ceiling`,
    budgets: [atMost('value', limits[setting].rowUs)],
    notMeasured: 'explaining; rows with missing values',
  })
}

function productsOf({ inputs, outputs }: DenseLayer): number {
  return inputs * outputs
}

async function networkSeconds(rows: Float32Array, setting: DetectorSetting): Promise<number> {
  const training = { rows, count: rows.length / WIDTH, width: WIDTH }
  const design = (setting === 'fast' ? contractingQuickly : contracting)(training)
  const options = { seed: 1, steps: 1, setting, loss: 'squared', backend: 'auto', onProgress: () => undefined } as const
  const groups = Int32Array.from({ length: WIDTH }, (_, j) => j)
  const begin = cpuUs()
  await network(training, design, () => undefined, { ...options, groups })
  return (cpuUs() - begin) / 1e6
}
