// Canaries: a few rows that each later detector of the same revision must go on finding, frozen in the artefact: anomalies
// that people confirmed, and at the beginning some that were made from normal rows (gate-anomalies.ts). What is in an artefact
// is inherited by the next, so that no retraining can lose sight of them little by little.
// Invariants
//   N1 a row becomes a canary only where the detector finds it with room to spare: from tellingRatio times its threshold on.
//   N2 there are at most canariesMax, and at most cellsMax numbers; a confirmed row comes before a made one, an inherited
//      before a new one.
//   N3 a canary of a record that people no longer call anomalous goes; made ones go once what is normal has changed, since
//      what was strange before may be ordinary now.

import type { Detector } from './detector.ts'
import { scoreRows } from './gate.ts'
import { anomalyKinds, injected } from './gate-anomalies.ts'

export interface Canaries {
  /** Stride = width. */
  readonly rows: Float32Array
  /** Of each row: `partition/offset` of a confirmed record, or `made/` and the kind. */
  readonly origins: readonly string[]
}

export interface CanaryRequest {
  readonly detector: Detector
  readonly inherited: Canaries | null
  readonly confirmed: Canaries
  /** Normal rows that new ones may be made from, of one time; null where none are to be made. */
  readonly made: {
    readonly rows: Float32Array
    readonly count: number
    readonly groups: Int32Array
    readonly seed: number
  } | null
}

export const canariesMax = 64
const madePerKind = 4
/** Anomalies that are made of a kind, to choose from. */
const madeTried = 60
const cellsMax = 262_144
export const tellingRatio = 2
const madeMark = 'made/'

export function isMade(origin: string): boolean {
  return origin.startsWith(madeMark)
}

/** Of canaries, those whose origin is wanted. */
export function canariesWhere(
  { rows, origins }: Canaries,
  width: number,
  wanted: (origin: string) => boolean,
): Canaries {
  return gatheredFrom(
    origins.flatMap((origin, i) =>
      wanted(origin) ? [{ origin, row: rows.subarray(i * width, (i + 1) * width) }] : [],
    ),
    width,
  )
}

/** The canaries that an artefact of the detector is to carry. */
export function canaries({ detector, inherited, confirmed, made }: CanaryRequest): Canaries {
  const { width } = detector
  const most = Math.max(1, Math.min(canariesMax, Math.floor(cellsMax / width)))
  const chosen: Canary[] = [...(inherited === null ? [] : rowsOf(inherited, width))]
  const known = new Set(chosen.map(({ origin }) => origin))
  const fresh = telling(detector, confirmed).filter(({ origin }) => !known.has(origin))
  chosen.push(...fresh)
  if (made !== null) {
    for (const kind of anomalyKinds) {
      const rows = injected(kind, { ...made, width }, madeTried)
      const origins = new Array<string>(madeTried).fill(`${madeMark}${kind}`)
      chosen.push(...telling(detector, { rows, origins }).slice(0, madePerKind))
    }
  }
  // The sort is stable: those that were there before come first.
  const ranked = chosen.sort((a, b) => Number(isMade(a.origin)) - Number(isMade(b.origin)))
  return gatheredFrom(ranked.slice(0, most), width)
}

interface Canary {
  readonly origin: string
  readonly row: Float32Array
}

/** Those that are found with room to spare, the most telling first. */
function telling(detector: Detector, given: Canaries): Canary[] {
  const scores = scoreRows(detector, given.rows, given.origins.length)
  const ratios = Array.from(scores, (score) => score / detector.threshold)
  return rowsOf(given, detector.width)
    .map((canary, i) => ({ canary, ratio: ratios[i] ?? 0 }))
    .filter(({ ratio }) => ratio >= tellingRatio)
    .sort((a, b) => b.ratio - a.ratio)
    .map(({ canary }) => canary)
}

function rowsOf({ rows, origins }: Canaries, width: number): Canary[] {
  return origins.map((origin, i) => ({ origin, row: rows.subarray(i * width, (i + 1) * width) }))
}

function gatheredFrom(all: readonly Canary[], width: number): Canaries {
  const rows = new Float32Array(all.length * width)
  for (const [i, { row }] of all.entries()) rows.set(row, i * width)
  return { rows, origins: all.map(({ origin }) => origin) }
}
