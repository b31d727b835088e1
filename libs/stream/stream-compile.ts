// Stream compile: from a Spec to a Stream. Pure; everything that would be looked up by name is looked up here, once.
// Invariants
//   S1 equal wants are one want: a field that is read by several features is decoded once.
//   S2 the revision covers what shapes rows or keyed state, and nothing else: budgets, schedules, formats of alerts and
//      the spelling of records (schema, framing) may change without a new detector.

import type { Want } from '../codec/columns.ts'
import { sha256 } from '../core/hash.ts'
import type { FeatureSpec, Spec } from './spec.ts'
import type { FeatureLayout, Stream } from './stream.ts'

/** Part of the revision: to be raised when the same spec begins to mean other rows. */
const MEANING = 1
const HALF_LIVES = 5

export function stream(spec: Spec): Stream {
  const wants: Want[] = []
  const wanted = (want: Want): number => {
    const text = canonical(want)
    const known = wants.findIndex((each) => canonical(each) === text)
    return known >= 0 ? known : wants.push(want) - 1
  }
  const { time, key, id } = spec.source
  const timeParse = time.unit === 'iso' ? 'iso' : 'number'
  const timeWant = wanted({ kind: 'number', field: time.field, parse: timeParse })
  const keyWant = wanted({ kind: 'text', field: key.field })
  const idWant = id === null ? null : wanted({ kind: 'text', field: id })
  const layout: FeatureLayout[] = []
  let stepWidth = 0
  for (const feature of spec.features) {
    const want = wantOf(feature, timeParse)
    const span = spanOf(feature)
    layout.push({ spec: feature, at: stepWidth, span, want: want === null ? null : wanted(want) })
    stepWidth += span
  }
  const width = stepWidth * spec.window.rows
  const groups = new Int32Array(width)
  for (const [index, { at, span }] of layout.entries()) {
    for (let step = 0; step < width; step += stepWidth) groups.fill(index, step + at, step + at + span)
  }
  return {
    spec,
    revision: revisionOf(spec),
    wants,
    timeWant,
    keyWant,
    idWant,
    layout,
    stepWidth,
    width,
    groups,
    horizonMs: Math.max(0, ...spec.features.map(horizonOf)),
  }
}

function wantOf(feature: FeatureSpec, timeParse: 'number' | 'iso'): Want | null {
  switch (feature.kind) {
    case 'number':
    case 'delta':
    case 'novelty':
    case 'ratio':
      return { kind: 'number', field: feature.field, parse: 'number' }
    case 'aggregate':
      return feature.field === null ? null : { kind: 'number', field: feature.field, parse: 'number' }
    case 'cyclic':
      return { kind: 'number', field: feature.field, parse: timeParse }
    case 'one-hot':
      return { kind: 'category', field: feature.field, values: feature.values }
    case 'since-last':
      return null
    default:
      return feature satisfies never
  }
}

/** Columns of a feature in one step. */
export function spanOf(feature: FeatureSpec): number {
  switch (feature.kind) {
    case 'cyclic':
      return 2
    case 'one-hot':
      return feature.values.length
    default:
      return 1
  }
}

function horizonOf(feature: FeatureSpec): number {
  if (feature.kind !== 'aggregate' && feature.kind !== 'ratio') return 0
  const { span } = feature
  return span.kind === 'window' ? span.windowMs : HALF_LIVES * span.halfLifeMs
}

function revisionOf(spec: Spec): string {
  const { topic, key, time, latenessMs, recordBytesMax } = spec.source
  const { features, window, missing, keysMax } = spec
  const shaping = { meaning: MEANING, topic, key, time, latenessMs, recordBytesMax, features, window, missing, keysMax }
  return sha256(canonical(shaping)).slice(0, 16)
}

/** JSON with its keys in order, so that equal values are equal texts. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
}
