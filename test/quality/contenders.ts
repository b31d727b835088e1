// Contenders: every kind that tables can be learned by, the ensemble in each of its settings, measured on every table and on
// card payments as measure.ts does. A run takes half an hour: what was measured can be kept in a file, a line a measurement, and
// what is there is not measured again.

import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { fit } from '../../libs/detector/fit.ts'
import { scoresOf } from '../../libs/detector/scores.ts'
import {
  type DetectorKind,
  type DetectorSetting,
  detectorKinds,
  detectorSettings,
  windowedKinds,
} from '../../libs/stream/spec.ts'
import { cardSplit, tableNames, tableSplit } from './datasets.ts'
import { cardSet, requestOf } from './measure.ts'
import { pointMetrics } from './metrics.ts'

export interface Contender {
  readonly name: string
  readonly kind: DetectorKind
  readonly setting?: DetectorSetting
}

export interface Trial {
  readonly contender: string
  readonly set: string
  readonly seed: number
  readonly auroc: number
  readonly averagePrecision: number
  readonly fitSeconds: number
  readonly scoreMicroseconds: number
}

export const settings: readonly Contender[] = detectorSettings.map((setting) => {
  return { name: setting, kind: 'ensemble', setting }
})
export const kinds: readonly Contender[] = detectorKinds
  .filter((kind) => kind !== 'ensemble' && !windowedKinds.includes(kind))
  .map((kind) => ({ name: kind, kind }))
const sets = [...tableNames, cardSet]

export interface Plan {
  /** Of the settings; kinds, which are there to be compared, are tried with the first two. */
  readonly seeds: readonly number[]
  /** Where trials are kept, or null. */
  readonly file: string | null
  readonly nowMs: () => number
  readonly say: (line: string) => void
}

export async function trials({ seeds, file, nowMs, say }: Plan): Promise<Trial[]> {
  const kept: Trial[] =
    file !== null && existsSync(file)
      ? readFileSync(file, 'utf8')
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line))
      : []
  const found: Trial[] = []
  for (const contender of [...kinds, ...settings])
    for (const set of sets)
      for (const seed of contender.kind === 'ensemble' ? seeds : seeds.slice(0, 2)) {
        const before = kept.find((one) => one.contender === contender.name && one.set === set && one.seed === seed)
        const trial = before ?? (await tried(contender, set, seed, nowMs))
        found.push(trial)
        if (before !== undefined) continue
        if (file !== null) appendFileSync(file, `${JSON.stringify(trial)}\n`)
        say(
          `${contender.name}, ${set}, seed ${seed}: ${(100 * trial.auroc).toFixed(1)} / ${(100 * trial.averagePrecision).toFixed(1)}`,
        )
      }
  return found
}

async function tried(
  { name, kind, setting }: Contender,
  set: string,
  seed: number,
  nowMs: () => number,
): Promise<Trial> {
  const split = set === cardSet ? cardSplit() : tableSplit(set)
  const startMs = nowMs()
  const model = await fit({ ...requestOf(split, seed, kind), ...(setting === undefined ? {} : { setting }) })
  const fittedMs = nowMs()
  const scores = scoresOf(model, split.test)
  const scoreMicroseconds = ((nowMs() - fittedMs) * 1000) / scores.length
  const { auroc, averagePrecision } = pointMetrics(scores, split.labels)
  return {
    contender: name,
    set,
    seed,
    auroc,
    averagePrecision,
    fitSeconds: (fittedMs - startMs) / 1000,
    scoreMicroseconds,
  }
}
