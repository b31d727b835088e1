// Beside: what a training hands on besides the model: canaries, inherited, confirmed and made, and the reference that drift is
// told by.

import type { Labels } from '../../libs/alert/labels.ts'
import { type Canaries, canaries, isMade } from '../../libs/detector/canaries.ts'
import type { Detector } from '../../libs/detector/detector.ts'
import { drift } from '../../libs/detector/drift.ts'
import { driftReference, type Reference, type ReferenceRows } from '../../libs/detector/drift-reference.ts'
import { scoreRows } from '../../libs/detector/gate.ts'
import type { Stream } from '../../libs/stream/stream.ts'
import type { History } from './history.ts'
import type { Incumbent } from './incumbent.ts'
import { confirmedRows, inheritedCanaries } from './labelled.ts'
import type { SampledRows } from './sample.ts'
import { shapeOf } from './shape.ts'

/** What the candidate must go on finding; once what is normal has changed, anomalies made of what it was are no measure. */
export function inheritedOf(incumbent: Incumbent, stream: Stream, held: SampledRows, labels: Labels): Canaries {
  const { reference } = incumbent
  const scores = scoreRows(incumbent.detector, held.rows, held.count)
  const found = reference === null ? null : drift(reference, { ...held, ...shapeOf(stream), scores })
  const made = (found?.ratio ?? 0) > 1 ? 'retire' : 'keep'
  return inheritedCanaries(incumbent.canaries, labels, { topic: stream.spec.source.topic, width: stream.width, made })
}

export interface Beside {
  readonly stream: Stream
  readonly past: History
  /** Of the rows that were taken for normal. */
  readonly places: Uint32Array
  /** The latest of them, which the fit has not seen. */
  readonly held: SampledRows
  readonly inherited: Canaries | null
  readonly seed: number
}

export function besideOf(candidate: Detector, beside: Beside): { canaries: Canaries; reference?: Reference } {
  const { stream, past, places, held, inherited, seed } = beside
  const { width, groups } = stream
  const hasMade = inherited?.origins.some(isMade) ?? false
  const reference = driftReference({
    ...lastSteps(stream, past, places),
    scores: scoresAt(candidate, past.rows, places),
    unseen: scoreRows(candidate, held.rows, held.count),
    salt: seed,
    modulus: past.modulus,
  })
  return {
    canaries: canaries({
      detector: candidate,
      inherited,
      confirmed: confirmedRows(past.calls, width),
      made: hasMade ? null : { ...held, groups, seed },
    }),
    ...(reference === null ? {} : { reference }),
  }
}

/** Only the last step of each row, which is all that the reference is of: windows are large. */
function lastSteps(
  { width, stepWidth }: Stream,
  past: History,
  places: Uint32Array,
): Pick<ReferenceRows, 'rows' | 'count' | 'width' | 'columns' | 'timesMs'> {
  const rows = new Float32Array(places.length * stepWidth)
  for (const [i, place] of places.entries()) {
    rows.set(past.rows.subarray((place + 1) * width - stepWidth, (place + 1) * width), i * stepWidth)
  }
  const timesMs = Float64Array.from(places, (place) => past.timesMs[place] as number)
  return { rows, count: places.length, width: stepWidth, columns: stepWidth, timesMs }
}

function scoresAt(detector: Detector, rows: Float32Array, places: Uint32Array): Float32Array {
  const { width, rowsMax, input } = detector
  const scores = new Float32Array(places.length)
  for (let from = 0; from < places.length; from += rowsMax) {
    const some = places.subarray(from, from + rowsMax)
    for (const [i, place] of some.entries()) input.set(rows.subarray(place * width, (place + 1) * width), i * width)
    detector.score(some.length, scores.subarray(from, from + some.length))
  }
  return scores
}
