// Explanations measured: in rows that alarm because of one or two planted bad features, how often these lead, beside simpler
// rankings; how near what is expected comes to what was there; of windows, how often the onset is found; and the time it takes.

import { type FitRequest, fit } from '../../libs/detector/fit.ts'
import type { Model } from '../../libs/detector/model.ts'
import type { DetectorKind } from '../../libs/stream/spec.ts'
import { tableNames, tableSplit } from './datasets.ts'
import type { Explanations } from './explain-report.ts'
import { alphaTarget } from './measure.ts'
import { columnsOf, type Normal, type Spoilt, sorts, spoiltRows } from './planted-cells.ts'
import { type Rival, ranked, rankings, rivals } from './rankings.ts'
import { asdNames, asdSeries } from './sensors.ts'

const otherKinds = ['undercomplete', 'denoising', 'sparse', 'contractive', 'variational'] as const
/** Rows of each sort, at most. */
const wanted = 40
/** Steps of a window. */
const steps = 64
/** Every so many windows of a series is held out; they overlap much. */
const stride = 5
/** Onsets this near to the true one count as found. */
const nearSteps = 1

export async function measureExplanations(seeds: readonly number[], nowMs: () => number): Promise<Explanations> {
  const [seed = 0] = seeds
  const tables: Explained[] = []
  const kinds: Explained[] = []
  const servers: Explained[] = []
  for (const each of seeds)
    for (const set of tableNames) tables.push(...(await explainedTable(set, 'ensemble', each, nowMs)))
  for (const name of asdNames) servers.push(...(await explainedServer(name, seed, nowMs)))
  for (const kind of otherKinds)
    for (const set of tableNames) kinds.push(...(await explainedTable(set, kind, seed, nowMs)))
  return { tables, kinds, servers }
}

export interface Explained {
  readonly set: string
  readonly kind: DetectorKind
  readonly seed: number
  /** Bad features of each row. */
  readonly count: number
  readonly rows: number
  /** Rows in which the bad features lead. */
  readonly hits: Readonly<Record<Rival | 'explained', number>>
  /** Hits of explanations by sort, and rows. */
  readonly bySort: readonly { readonly hits: number; readonly rows: number }[]
  /** |expected − true| of the bad cells, in deviations, ascending. */
  readonly errors: Float64Array
  /** Of the bad cells, those expected outside of the column's range in training. */
  readonly outside: number
  /** Windows whose onset was found; NaN for tables. */
  readonly onsets: number
  readonly microseconds: number
}

export async function explainedTable(
  set: string,
  kind: DetectorKind,
  seed: number,
  nowMs: () => number,
): Promise<Explained[]> {
  const { train, test, labels, width } = tableSplit(set)
  const held = test.filter((_, i) => labels[Math.floor(i / width)] === 0)
  const normal = { train, held, width, steps: 1 }
  return [1, 2].map(await measuring({ set, kind, seed, normal, nowMs }))
}

export async function explainedServer(name: string, seed: number, nowMs: () => number): Promise<Explained[]> {
  const { rows, width: channels, trainRows, labels } = asdSeries(name)
  const window = (end: number): Float32Array => rows.subarray((end - steps) * channels, end * channels)
  const joined = (ends: readonly number[]): Float32Array => {
    const out = new Float32Array(ends.length * steps * channels)
    for (const [i, end] of ends.entries()) out.set(window(end), i * steps * channels)
    return out
  }
  const isNormal = (end: number): boolean => labels.subarray(end - steps, end).every((label) => label === 0)
  const ends = Array.from({ length: rows.length / channels + 1 }, (_, end) => end)
  const train = joined(ends.slice(steps, trainRows + 1))
  const held = joined(ends.slice(trainRows + steps).filter((end) => end % stride === 0 && isNormal(end)))
  const normal = { train, held, width: channels * steps, steps }
  return [1, 2].map(await measuring({ set: name, kind: 'ensemble', seed, normal, nowMs }))
}

interface Subject {
  readonly set: string
  readonly kind: DetectorKind
  readonly seed: number
  readonly normal: Normal
  readonly nowMs: () => number
}

async function measuring(subject: Subject): Promise<(count: number) => Explained> {
  const model = await fit(requestOf(subject))
  return explaining(subject, model)
}

export function explaining({ set, kind, seed, normal, nowMs }: Subject, model: Model): (count: number) => Explained {
  const { explained, by } = rankings(model, normal.train)
  const columns = columnsOf(normal)
  const channels = normal.width / normal.steps
  return (count) => {
    const spoilt = spoiltRows(model, normal, count, wanted, seed)
    const startMs = nowMs()
    const found = spoilt.map(({ row }) => explained(row))
    const microseconds = (1000 * (nowMs() - startMs)) / spoilt.length
    const isHit = (blame: Float64Array, { bad }: Spoilt): boolean => {
      const leading = ranked(blame).slice(0, count)
      return bad.every((feature) => leading.includes(feature))
    }
    const hitsOf = (blameOf: (i: number) => Float64Array, rows = spoilt): number =>
      rows.filter((each) => isHit(blameOf(spoilt.indexOf(each)), each)).length
    const own = (i: number): Float64Array => found[i]!.blame
    const rival = (name: Rival): [Rival, number] => [name, hitsOf((i) => by[name](spoilt[i]!.row))]
    const cells = spoilt.flatMap(({ bad, before }, i) =>
      bad.map((feature) => {
        const j = normal.width - channels + feature
        const expected = found[i]!.expected[j]!
        const { low, high, deviation } = columns[j]!
        return { error: Math.abs(expected - before[j]!) / deviation, isOutside: expected < low || expected > high }
      }),
    )
    return {
      set,
      kind,
      seed,
      count,
      rows: spoilt.length,
      hits: { explained: hitsOf(own), ...(Object.fromEntries(rivals.map(rival)) as Record<Rival, number>) },
      bySort: sorts.map((sort) => {
        const rows = spoilt.filter((each) => each.sort === sort)
        return { hits: hitsOf(own, rows), rows: rows.length }
      }),
      errors: Float64Array.from(cells, ({ error }) => error).sort(),
      outside: cells.filter(({ isOutside }) => isOutside).length,
      onsets:
        normal.steps === 1
          ? Number.NaN
          : spoilt.filter(({ onset, bad }, i) => {
              const first = firstStep(found[i]!.contributions, bad, channels)
              return Math.abs(normal.steps - 1 - first - onset) <= nearSteps
            }).length,
      microseconds,
    }
  }
}

/** The first step at which any of the features contributes. */
function firstStep(contributions: Float32Array, features: readonly number[], channels: number): number {
  const column = contributions.findIndex((share, j) => share > 0 && features.includes(j % channels))
  return Math.floor(column / channels)
}

function requestOf({ normal, kind, seed }: Subject): FitRequest {
  const { train, width } = normal
  const channels = width / normal.steps
  return {
    rows: train,
    count: train.length / width,
    width,
    groups: Int32Array.from({ length: width }, (_, j) => j % channels),
    names: Array.from({ length: channels }, (_, j) => `x${j}`),
    revision: '0000000000000000',
    kind,
    seed,
    alpha: alphaTarget,
    steps: normal.steps,
    backend: 'auto',
  }
}
