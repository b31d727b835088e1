// Features: the operations of a stream, compiled from its layout, and how a key's cells are shared out among them.

import assert from 'node:assert/strict'
import { decayFeature } from './decay.ts'
import { noveltyFeature } from './novelty-feature.ts'
import type { Operation, Place } from './operation.ts'
import { cyclicFeature, deltaFeature, numberFeature, oneHotFeature, sinceLastFeature } from './plain.ts'
import { type Asked, sharing, windowFeatures } from './sliding.ts'
import type { FeatureSpec, Period, Spec } from './spec.ts'
import type { FeatureLayout, Stream } from './stream.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** Weeks begin where 1 January 1970 did, on a Thursday: a phase has no first day. A year is the Gregorian mean. */
const PERIOD_MS: Record<Period, number> = { hour: HOUR_MS, day: DAY_MS, week: 7 * DAY_MS, year: 365.2425 * DAY_MS }

export interface Features {
  readonly operations: readonly Operation[]
  /** First hot and first cold cell of each operation. */
  readonly hotAt: readonly number[]
  readonly coldAt: readonly number[]
  /** What a key's cells hold before its first record, all operations together, behind `reserved` cells of the caller. */
  readonly blank: Float64Array
}

export function features(stream: Stream, reserved: number): Features {
  const operations = operationsOf(stream)
  const cells: number[] = new Array<number>(reserved).fill(0)
  const put = (blank: Float64Array): number => cells.push(...blank) - blank.length
  const hotAt = operations.map(({ hot }) => put(hot))
  const coldAt = operations.map(({ cold }) => put(cold))
  return { operations, hotAt, coldAt, blank: Float64Array.from(cells) }
}

/** In order of the layout; window aggregates that share panes where the first of them stands. */
function operationsOf({ spec, layout }: Stream): Operation[] {
  const shared = new Map<string, Asked[]>()
  const makers: (() => Operation)[] = []
  for (const entry of layout) {
    const feature = entry.spec
    if (feature.kind !== 'aggregate' && feature.kind !== 'ratio') {
      makers.push(() => compile(spec, entry, feature))
      continue
    }
    const operation = feature.kind === 'ratio' ? 'ratio' : feature.operation
    const want = feature.field === null ? -1 : wantOf(entry)
    const place: Place = { want, at: entry.at, transform: feature.transform, fill: fillOf(spec) }
    const { span } = feature
    if (span.kind === 'half-life') {
      makers.push(() => decayFeature(operation, span.halfLifeMs, place))
      continue
    }
    const name = `${sharing(operation)} ${want} ${span.windowMs}`
    const asked = shared.get(name) ?? []
    if (asked.length === 0) makers.push(() => windowFeatures(asked, span.windowMs))
    shared.set(name, asked)
    asked.push({ operation, place })
  }
  return makers.map((make) => make())
}

/** Milliseconds in the unit that the spec's times are given in. */
export function unitMs(unit: Spec['source']['time']['unit']): number {
  switch (unit) {
    case 's':
      return 1000
    case 'us':
      return 0.001
    case 'ms':
    case 'iso':
      return 1
    default:
      return unit satisfies never
  }
}

type Simple = Exclude<FeatureSpec, { readonly kind: 'aggregate' | 'ratio' }>

function compile(spec: Spec, layout: FeatureLayout, feature: Simple): Operation {
  const { at, span } = layout
  const fill = fillOf(spec)
  switch (feature.kind) {
    case 'number':
      return numberFeature(wantOf(layout), { at, transform: feature.transform, fill })
    case 'cyclic': {
      const unit = unitMs(spec.source.time.unit)
      return cyclicFeature(wantOf(layout), unit, at, PERIOD_MS[feature.period], fill * unit)
    }
    case 'one-hot': {
      const code = spec.missing.kind === 'constant' ? feature.values.indexOf(String(fill)) : null
      return oneHotFeature(wantOf(layout), at, span, code)
    }
    case 'since-last':
      return sinceLastFeature({ at, transform: feature.transform, fill })
    case 'delta':
      return deltaFeature(wantOf(layout), at, fill)
    case 'novelty':
      return noveltyFeature(wantOf(layout), at, fill)
    default:
      return feature satisfies never
  }
}

/** What a missing number is written as: NaN, or the constant of the spec as if the record had held it. */
function fillOf({ missing }: Spec): number {
  return missing.kind === 'constant' ? missing.value : Number.NaN
}

function wantOf(layout: FeatureLayout): number {
  assert.ok(layout.want !== null, `feature ${layout.spec.name} reads no field`)
  return layout.want
}
