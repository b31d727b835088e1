// Incumbent: the detector that serves, as a training hears it: how loud each row of a history is to it, from when on it has
// been loud all the time, and what it carries for those that come after it.

import { log } from '../../libs/core/elementary.ts'
import { parseArtefact } from '../../libs/detector/artefact.ts'
import type { Canaries } from '../../libs/detector/canaries.ts'
import type { Detector } from '../../libs/detector/detector.ts'
import type { Reference } from '../../libs/detector/drift-reference.ts'
import { scoreRows } from '../../libs/detector/gate.ts'
import { factorsOf } from '../../libs/detector/key-factors.ts'
import { load } from '../../libs/detector/load.ts'
import type { KeyFactors } from '../../libs/detector/model.ts'
import type { Stream } from '../../libs/stream/stream.ts'
import type { SampledRows } from './sample.ts'

export interface Incumbent {
  readonly detector: Detector
  readonly canaries: Canaries
  readonly reference: Reference | null
  readonly keys: KeyFactors | null
}

/** Null for one that does not understand the stream's rows. */
export function incumbentOf(
  given: { readonly version: string; readonly artefact: Uint8Array },
  stream: Stream,
): Incumbent | null {
  const detector = load(given.artefact, { version: given.version })
  if (detector.width !== stream.width || detector.revision !== stream.revision) return null
  const { canaries, reference, calibration } = parseArtefact(given.artefact)
  return {
    detector,
    canaries: canaries ?? { rows: new Float32Array(0), origins: [] },
    reference: reference ?? null,
    keys: calibration.keys,
  }
}

/** Score over threshold of each row. */
export function ratiosOf({ detector, keys }: Incumbent, { rows, count, keys: hashes }: SampledRows): Float32Array {
  const { threshold } = detector
  const factors = factorsOf(keys, hashes)
  return scoreRows(detector, rows, count).map((score, i) => score / (threshold * (factors?.[i] ?? 1)))
}

/** Rates of alarms before and after must differ by this factor, and so many alarms come after. */
const changeFactor = 3
const changeAlarmsMin = 20

/**
 * The time from which on rows, in order, have alarmed at another rate than before, where it is most likely that they have
 * (the likelihood of two rates over that of one); null where the later rate is not clearly the larger.
 */
export function changeMs(ratios: Float32Array, timesMs: Float64Array): number | null {
  const count = ratios.length
  const all = ratios.reduce((sum, ratio) => sum + Number(ratio > 1), 0)
  let best = { gain: 0, at: -1, before: 0 }
  let before = 0
  for (let i = 1; i < count; i++) {
    before += Number((ratios[i - 1] ?? 0) > 1)
    const gain = likelihood(before, i) + likelihood(all - before, count - i)
    if (best.at < 0 || gain > best.gain) best = { gain, at: i, before }
  }
  const after = all - best.before
  if (best.at < 0 || after < changeAlarmsMin) return null
  const rateBefore = (best.before + 1) / (best.at + 1)
  return after / (count - best.at) >= changeFactor * rateBefore ? (timesMs[best.at] ?? null) : null
}

/** Of so many alarms among n rows, at the rate that makes them most likely; in logarithms. */
function likelihood(alarms: number, n: number): number {
  const rate = alarms / n
  return (alarms > 0 ? alarms * log(rate) : 0) + (alarms < n ? (n - alarms) * log(1 - rate) : 0)
}
