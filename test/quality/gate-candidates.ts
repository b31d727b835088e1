// Candidates: detectors of one world as trainers make them in the field, the good ones and those that something went wrong
// with. Whether one is really better or worse than another is measured, not assumed (gate-truth.ts).

import { Random } from '../../libs/core/random.ts'
import { calibrate } from '../../libs/detector/calibration.ts'
import { type FitRequest, fit } from '../../libs/detector/fit.ts'
import type { Model } from '../../libs/detector/model.ts'
import { scoresOf } from '../../libs/detector/scores.ts'
import type { DetectorKind } from '../../libs/stream/spec.ts'
import { anomalies, truthFamilies } from './gate-truth.ts'
import type { World } from './gate-worlds.ts'

export const goodWays = ['same rows, other seed', 'newer rows', 'more rows', 'other kind'] as const
export const ways = [
  ...goodWays,
  'few rows',
  'incidents in training',
  'outliers in training',
  'regime that is gone',
  'half of a gone regime',
  'frozen column',
  'swapped columns',
  'wrong units at times',
  'columns by themselves',
  'threshold for another rate',
] as const
export type Way = (typeof ways)[number]

export interface Site {
  readonly world: World
  readonly alpha: number
  readonly count: number
  readonly kind: DetectorKind
}

/** The detector that a good training gives, on the rows of an era. */
export function good({ world, alpha, count, kind }: Site, era: string, more: Partial<FitRequest> = {}): Promise<Model> {
  return fit(requestFor({ world, alpha, kind }, world.rows(era, count), more))
}

export async function candidate(way: Way, site: Site, incumbent: Model): Promise<Model> {
  const { world, alpha, count } = site
  const random = Random.derived(world.seed, way)
  const seed = 2
  const spoilt = (spoil: (rows: Float32Array) => void): Promise<Model> => {
    const rows = world.rows('new', count)
    spoil(rows)
    return fit(requestFor(site, rows, { seed }))
  }
  switch (way) {
    case 'same rows, other seed':
      return good(site, 'old', { seed })
    case 'newer rows':
      return good(site, 'new', { seed })
    case 'more rows':
      return good({ ...site, count: 3 * count }, 'new', { seed })
    case 'other kind':
      return good(site, 'new', { seed, kind: otherKind(site, random) })
    case 'few rows':
      return good({ ...site, count: 110 + random.integer(150) }, 'new', { seed })
    case 'incidents in training':
      return spoilt((rows) => incidents(rows, world, 0.02 + 0.1 * random.uniform(), random))
    case 'outliers in training':
      return spoilt((rows) => outliers(rows, 0.01 + 0.03 * random.uniform(), random))
    case 'regime that is gone':
      return fit(requestFor(site, world.rows('gone', count, { twist: 0.2 + 0.7 * random.uniform() }), { seed }))
    case 'half of a gone regime':
      return spoilt((rows) => {
        const share = Math.floor(count * (0.3 + 0.4 * random.uniform()))
        rows.set(world.rows('gone', share, { twist: 0.3 + 0.7 * random.uniform() }))
      })
    case 'frozen column':
      return spoilt((rows) => frozen(rows, world, random))
    case 'swapped columns':
      return spoilt((rows) => swapped(rows, world, random))
    case 'wrong units at times':
      return spoilt((rows) => units(rows, world, random))
    case 'columns by themselves':
      return byThemselves(site, incumbent)
    case 'threshold for another rate': {
      const factor = 3 + 30 * random.uniform()
      const model = await good(site, 'new', { seed, alpha: alpha / factor })
      return { ...model, calibration: { ...model.calibration, alpha } }
    }
    default:
      return way satisfies never
  }
}

function otherKind({ kind }: Site, random: Random): DetectorKind {
  const others = (['undercomplete', 'denoising', 'ensemble'] as const).filter((one) => one !== kind)
  return others[random.integer(others.length)] ?? kind
}

function requestFor(
  { world, alpha, kind }: Omit<Site, 'count'>,
  rows: Float32Array,
  more: Partial<FitRequest>,
): FitRequest {
  const { width, groups, steps } = world
  return {
    rows,
    count: rows.length / width,
    width,
    groups,
    names: Array.from({ length: width / steps }, (_, j) => `x${j}`),
    revision: '0123456789abcdef',
    kind,
    seed: 1,
    alpha,
    steps,
    ...more,
  }
}

/** Stretches of anomalous rows, of all families. */
export function incidents(rows: Float32Array, world: World, share: number, random: Random): void {
  const { width } = world
  const count = rows.length / width
  const length = Math.max(1, Math.min(5 + random.integer(20), Math.round(share * count)))
  for (let spent = 0; spent < share * count; spent += length) {
    const family = truthFamilies[random.integer(truthFamilies.length)] ?? 'offset'
    const from = random.integer(count - length)
    const part = rows.subarray(from * width, (from + length) * width)
    part.set(anomalies(family, { ...world, seed: random.bits() }, part.slice(), length))
  }
}

function outliers(rows: Float32Array, share: number, random: Random): void {
  for (let i = 0; i < rows.length; i++)
    if (random.uniform() < share / 4) rows[i] = (rows[i] ?? 0) + 20 * random.normal() * (1 + Math.abs(rows[i] ?? 0))
}

/** One or two sensors stand still for a part of the time, or all of it. */
function frozen(rows: Float32Array, { width, groups, steps }: World, random: Random): void {
  const feature = random.integer(width / steps)
  const pair = random.uniform() < 0.5 ? feature : random.integer(width / steps)
  const until = random.uniform() < 0.3 ? rows.length : rows.length * (0.2 + 0.6 * random.uniform())
  for (let i = 0; i < until; i++) {
    const group = groups[i % width]
    if (group === feature || group === pair) rows[i] = rows[i % width] ?? 0
  }
}

function swapped(rows: Float32Array, { width, groups, steps }: World, random: Random): void {
  const features = width / steps
  const a = random.integer(features)
  const b = (a + 1 + random.integer(features - 1)) % features
  const until = Math.floor((rows.length / width) * (0.3 + 0.7 * random.uniform()))
  for (let i = 0; i < until; i++)
    for (let j = 0; j < width; j++) {
      if (groups[j] !== a) continue
      const [at, with_] = [i * width + j, i * width + j - a + b]
      const kept = rows[at] ?? 0
      rows[at] = rows[with_] ?? 0
      rows[with_] = kept
    }
}

function units(rows: Float32Array, { width, groups, steps }: World, random: Random): void {
  const features = width / steps
  const factors = Array.from({ length: features }, () => (random.uniform() < 0.4 ? 10 + 90 * random.uniform() : 1))
  factors[random.integer(features)] = 100
  const share = 0.02 + 0.2 * random.uniform()
  for (let from = 0; from < rows.length; from += width) {
    if (random.uniform() >= share) continue
    for (let j = 0; j < width; j++) rows[from + j] = (rows[from + j] ?? 0) * (factors[groups[j] ?? 0] ?? 1)
  }
}

/** What learns nothing of how columns hang together: each one's squared distance from its mean, summed. */
function byThemselves({ world, alpha, count }: Site, like: Model): Model {
  const { width } = world
  const weights = new Float32Array(width * width)
  const layer = { kind: 'dense', inputs: width, outputs: width, activation: { kind: 'linear' }, weights } as const
  const model: Model = {
    ...like,
    members: [
      {
        kind: 'dense',
        layers: [{ ...layer, bias: new Float32Array(width) }],
        scoring: { kind: 'error-over-train', trainError: new Float32Array(width).fill(1) },
      },
    ],
    combination: { kind: 'mean' },
  }
  return { ...model, calibration: calibrate(scoresOf(model, world.rows('new', count)), alpha) }
}
