// Truth: what a detector really finds, on anomalies that the gate does not inject and cannot: some need to know the world.
// Sizes are drawn row by row over the range in which detectors differ.
// Invariants
//   T1 no family is one of the gate's (gate-anomalies.ts).
//   T2 all detectors of a world are asked about the same rows.

import { Random } from '../../libs/core/random.ts'
import type { Detector } from '../../libs/detector/detector.ts'
import { scoreRows } from '../../libs/detector/gate.ts'
import type { World } from './gate-worlds.ts'

export const truthFamilies = [
  'offset', // all columns moved together, the same way
  'gain', // a sensor that exaggerates
  'reflected', // a sensor wired the wrong way round
  'silent', // one or two columns read nothing
  'blend', // a mean of two rows
  'driven', // hidden causes beyond what they ever were
  'twisted', // columns that hang together otherwise
] as const
export type TruthFamily = (typeof truthFamilies)[number]

export const truthRows = 600
const normalRows = 6000

export interface Questions {
  readonly normal: Float32Array
  readonly families: ReadonlyMap<TruthFamily, Float32Array>
}

export interface Answers {
  readonly alarmRate: number
  readonly recalls: ReadonlyMap<TruthFamily, number>
  /** Mean over the families. */
  readonly recall: number
}

export function questions(of: World): Questions {
  const normal = of.rows('truth', normalRows)
  return {
    normal,
    families: new Map(truthFamilies.map((family) => [family, anomalies(family, of, normal, truthRows)])),
  }
}

export function answers(detector: Detector, { normal, families }: Questions): Answers {
  const share = (rows: Float32Array): number => {
    const scores = scoreRows(detector, rows, rows.length / detector.width)
    return scores.reduce((found, score) => found + (score > detector.threshold ? 1 : 0), 0) / scores.length
  }
  const recalls = new Map([...families].map(([family, rows]) => [family, share(rows)] as const))
  const recall = [...recalls.values()].reduce((sum, value) => sum + value, 0) / recalls.size
  return { alarmRate: share(normal), recalls, recall }
}

/** Anomalies made of normal rows of the world, evenly taken. */
export function anomalies(family: TruthFamily, of: World, normal: Float32Array, wanted: number): Float32Array {
  const { width, groups } = of
  const random = Random.derived(of.seed, `truth ${family}`)
  if (family === 'driven')
    return runs(wanted, width, (i, n) => of.rows(`driven ${i}`, n, { stretch: 1.5 + 2 * random.uniform() }))
  if (family === 'twisted')
    return runs(wanted, width, (i, n) => of.rows(`twisted ${i}`, n, { twist: 0.1 + 0.8 * random.uniform() }))
  const count = normal.length / width
  const { centre, deviation } = spread(normal, width)
  const features = Math.max(...groups) + 1
  const out = new Float32Array(wanted * width)
  for (let i = 0; i < wanted; i++) {
    const row = out.subarray(i * width, (i + 1) * width)
    const from = Math.floor((i * count) / wanted)
    row.set(normal.subarray(from * width, (from + 1) * width))
    const other = random.integer(count) * width
    const [one, two] = [random.integer(features), random.integer(features)]
    const size = 0.5 + 2.5 * random.uniform()
    const sign = random.uniform() < 0.5 ? -1 : 1
    const ways = Float64Array.from({ length: features }, () => sign * (0.5 + random.uniform()))
    const share = 0.3 + 0.4 * random.uniform()
    for (let j = 0; j < width; j++) {
      const at = groups[j] ?? 0
      const [own, middle, unit] = [row[j] ?? 0, centre[j] ?? 0, deviation[j] ?? 0]
      const chosen = at === one || at === two
      if (family === 'offset') row[j] = own + size * unit * (ways[at] ?? 0)
      else if (family === 'gain' && at === one) row[j] = middle + (1 + size) * (own - middle)
      else if (family === 'reflected' && chosen) row[j] = 2 * middle - own
      else if (family === 'silent' && chosen) row[j] = 0
      else if (family === 'blend') row[j] = share * own + (1 - share) * (normal[other + j] ?? 0)
    }
  }
  return out
}

const runRows = 20

function runs(wanted: number, width: number, rows: (i: number, count: number) => Float32Array): Float32Array {
  const out = new Float32Array(wanted * width)
  for (let i = 0; i * runRows < wanted; i++)
    out.set(rows(i, runRows).subarray(0, (wanted - i * runRows) * width), i * runRows * width)
  return out
}

function spread(rows: Float32Array, width: number): { centre: Float64Array; deviation: Float64Array } {
  const [centre, deviation] = [new Float64Array(width), new Float64Array(width)]
  const count = rows.length / width
  for (let j = 0; j < width; j++) {
    let [sum, squares] = [0, 0]
    for (let i = j; i < rows.length; i += width) sum += rows[i] ?? 0
    for (let i = j; i < rows.length; i += width) squares += ((rows[i] ?? 0) - sum / count) ** 2
    centre[j] = sum / count
    deviation[j] = Math.sqrt(squares / count)
  }
  return { centre, deviation }
}
