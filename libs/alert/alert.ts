// Alert: the published form of an anomalous verdict, as a value. A function of the record's position, the row, and what the
// detector says of it: whoever judges the record again makes the same alert.
// Invariants
//   A1 the id depends on stream and input position alone.
//   A2 every number is finite; what cannot be said is null.
//   A3 features are in descending order of contribution, ties in the order of the spec; a feature that contributed
//      nothing is left out.

import { severityOf } from '../core/severity.ts'
import type { Explanation } from '../detector/detector.ts'
import { inverse } from '../stream/inverse.ts'
import type { FeatureLayout, Stream } from '../stream/stream.ts'
import type { Alert, FeatureFinding } from './alert-schema.ts'
import { positionId, wholeTimeMs } from './position.ts'

export interface Anomaly {
  readonly stream: Stream
  readonly partition: number
  readonly offset: number
  /** The entity as text. */
  readonly key: string
  readonly eventTimeMs: number
  readonly score: number
  readonly threshold: number
  readonly pValue: number
  /** Of the detector. */
  readonly version: string
  readonly row: Float32Array
  readonly explanation: Explanation
}

export function alertOf(anomaly: Anomaly): Alert {
  const { stream, partition, offset, score, threshold } = anomaly
  const { spec } = stream
  const topic = spec.source.topic
  return {
    id: positionId(spec.stream, topic, partition, offset),
    stream: spec.stream,
    topic,
    partition,
    offset,
    key: anomaly.key,
    eventTime: wholeTimeMs(anomaly.eventTimeMs),
    score,
    threshold,
    pValue: anomaly.pValue,
    severity: severityOf(score, threshold),
    onset: onsetOf(stream, anomaly.explanation.contributions),
    features: findings(anomaly),
    detector: anomaly.version,
    revision: stream.revision,
    incident: null,
    provisional: false,
  }
}

/**
 * Steps back to where the anomaly began: from the step that contributed most, on back while a step still contributed at
 * least half as much. A culprit that lies in the past goes on alarming until it leaves the window.
 */
function onsetOf(stream: Stream, contributions: Float32Array): number {
  const steps = stream.width / stream.stepWidth
  const shares = new Float64Array(steps)
  for (let column = 0; column < stream.width; column++) {
    shares[Math.floor(column / stream.stepWidth)]! += contributions[column] ?? 0
  }
  let first = steps - 1
  for (let step = steps - 2; step >= 0; step--) if (shares[step]! > shares[first]!) first = step
  const half = shares[first]! / 2
  if (half === 0) return 0
  while (first > 0 && shares[first - 1]! >= half) first--
  return steps - 1 - first
}

interface Blame {
  readonly entry: FeatureLayout
  readonly contribution: number
  /** Steps back of the step that contributed most. */
  readonly back: number
}

function findings({ stream, row, explanation }: Anomaly): FeatureFinding[] {
  const { contributions, expected, imputed } = explanation
  const blamed: Blame[] = []
  for (const entry of stream.layout) {
    const blame = blameOf(stream, entry, contributions)
    if (blame.contribution > 0) blamed.push(blame)
  }
  // The sort is stable, so equal contributions stay in the order of the spec.
  const ranked = blamed.sort((a, b) => b.contribution - a.contribution).slice(0, stream.spec.alerts.explain)
  return ranked.map(({ entry, contribution, back }): FeatureFinding => {
    const at = stream.width - (back + 1) * stream.stepWidth
    return {
      name: entry.spec.name,
      actual: said(inverse(entry, row, at)),
      expected: said(inverse(entry, expected, at)),
      contribution,
      imputed: imputed.subarray(at + entry.at, at + entry.at + entry.span).includes(1),
      back,
    }
  })
}

function blameOf(stream: Stream, entry: FeatureLayout, contributions: Float32Array): Blame {
  const steps = stream.width / stream.stepWidth
  let contribution = 0
  let back = 0
  let worstShare = -1
  for (let step = steps - 1; step >= 0; step--) {
    let share = 0
    const at = step * stream.stepWidth + entry.at
    for (let column = at; column < at + entry.span; column++) share += contributions[column] ?? 0
    contribution += share
    if (share > worstShare) {
      worstShare = share
      back = steps - 1 - step
    }
  }
  return { entry, contribution, back }
}

function said(value: number | string): number | string | null {
  return typeof value === 'string' || Number.isFinite(value) ? value : null
}
