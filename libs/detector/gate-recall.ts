// Recall: what one detector finds of the injected anomalies beside what another finds of the very same rows. Rows that both
// find or both miss say nothing; what counts is how many more only the other finds.
// Invariants
//   R1 grades of a kind that both detectors find nearly always, or nearly never, are left out of the difference: else the
//      choice of sizes would dilute it at will.
//   R2 each kind weighs the same, whatever its number of grades.
// Source of the paired comparison: McNemar (1947).

import { type AnomalyKind, type AnomalySource, anomalyKinds, gradesOf, injected } from './gate-anomalies.ts'

/** Which of the rows are found: 1 or 0 of each. */
export type Finder = (rows: Float32Array, count: number) => Uint8Array

export interface Found {
  readonly candidate: number
  readonly rival: number
  /** Of the rows of undecided grades, the share that the rival finds and the candidate does not, less the other way round. */
  readonly lost: number
  /** Standard error of `lost`. */
  readonly error: number
}

export interface Recalls {
  readonly kinds: ReadonlyMap<AnomalyKind, Found>
  /** Mean over the kinds. */
  readonly whole: Found
}

const rowsPerKind = 600
const decidedMin = 0.05
const decidedMax = 0.95

export function recalls(source: AnomalySource, candidate: Finder, rival: Finder): Recalls {
  const kinds = new Map(
    anomalyKinds.map((kind) => {
      const rows = injected(kind, source, rowsPerKind)
      return [kind, paired(candidate(rows, rowsPerKind), rival(rows, rowsPerKind), gradesOf(kind))] as const
    }),
  )
  return { kinds, whole: mean([...kinds.values()]) }
}

function mean(all: readonly Found[]): Found {
  const of = (value: (found: Found) => number): number => all.reduce((sum, found) => sum + value(found), 0) / all.length
  return {
    candidate: of(({ candidate }) => candidate),
    rival: of(({ rival }) => rival),
    lost: of(({ lost }) => lost),
    error: Math.sqrt(of(({ error }) => error * error) / all.length),
  }
}

/** Two detectors' answers about the same rows, of which row i is of grade i mod `grades`. */
export function paired(mine: Uint8Array, theirs: Uint8Array, grades: number): Found {
  const both = tally(mine, theirs, 0, 1)
  let [lost, won, rows] = [0, 0, 0]
  for (let grade = 0; grade < grades; grade++) {
    const one = tally(mine, theirs, grade, grades)
    const share = (one.mine + one.theirs) / (2 * one.rows)
    if (share < decidedMin || share > decidedMax) continue
    lost += one.lost
    won += one.won
    rows += one.rows
  }
  const net = rows === 0 ? 0 : (lost - won) / rows
  // As if one more row were lost and one won: few rows that differ must not look like certainty.
  const error = rows === 0 ? 0 : Math.sqrt(Math.max(0, (lost + won + 2) / rows - net * net) / rows)
  return { candidate: both.mine / both.rows, rival: both.theirs / both.rows, lost: net, error }
}

interface Tally {
  readonly rows: number
  readonly mine: number
  readonly theirs: number
  readonly lost: number
  readonly won: number
}

function tally(mine: Uint8Array, theirs: Uint8Array, from: number, step: number): Tally {
  let [rows, lost, won, found] = [0, 0, 0, 0]
  for (let i = from; i < mine.length; i += step) {
    rows++
    found += mine[i]!
    if (mine[i]! < theirs[i]!) lost++
    if (mine[i]! > theirs[i]!) won++
  }
  return { rows, mine: found, theirs: found + lost - won, lost, won }
}
