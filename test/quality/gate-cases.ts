// Cases: pairs of a candidate and an incumbent of one world, with what each really is. Each odd detector is a candidate
// against the usual one, then the incumbent that the usual one is to replace, and both with another odd one.
// A case is worse if the candidate's recall at its own threshold, over families that the gate does not inject, is lower by
// `worseBy` or more; equal or better if it is not lower by more than the error of measuring, and the candidate keeps its
// alarm budget, or at least alarms no more than the incumbent does. What alarms beyond that has bought its recall: such cases
// are called loud. The rest lies between.

import { Random } from '../../libs/core/random.ts'
import type { Detector } from '../../libs/detector/detector.ts'
import { detector } from '../../libs/detector/load.ts'
import type { Model } from '../../libs/detector/model.ts'
import type { DetectorKind } from '../../libs/stream/spec.ts'
import { candidate, good, incidents, type Site, ways } from './gate-candidates.ts'
import { type Answers, answers, questions, type TruthFamily } from './gate-truth.ts'
import { world, worldKinds } from './gate-worlds.ts'

const worseBy = 0.1
const measuringError = 0.01
const loudFactor = 2

export const truths = ['worse', 'between', 'equal or better', 'loud'] as const
export type Truth = (typeof truths)[number]

export interface Case {
  readonly candidate: Known
  readonly incumbent: Known
  readonly truth: Truth
  /** Candidate's recall less the incumbent's, of each family. */
  readonly gained: ReadonlyMap<TruthFamily, number>
}

/** A detector, where it comes from, and what it really does. */
export interface Known {
  readonly from: string
  readonly detector: Detector
  readonly answers: Answers
}

export const usualName = 'usual'
const alphas = [0.005, 0.01, 0.02] as const
const countMin = 700
const countMax = 5000
/** Rows for the gate beside those that fit, as the trainer cuts them; a few anomalies are among them, as in the field. */
const gateShare = 0.15 / 0.85
const gateAnomalies = 0.003

export function siteOf(seed: number, kind: DetectorKind): Site {
  const random = Random.derived(seed, 'site')
  const count = Math.round(countMin * (countMax / countMin) ** random.uniform())
  const alpha = alphas[random.integer(alphas.length)] ?? 0.01
  return { world: world(worldKinds[seed % worldKinds.length] ?? 'bent', seed), alpha, count, kind }
}

/** The usual detector of a site and each odd one: what takes time. */
export async function modelsOf(site: Site): Promise<Map<string, Model>> {
  const usual = await good(site, 'old')
  const models = new Map([[usualName, usual]])
  for (const way of ways) models.set(way, await candidate(way, site, usual))
  return models
}

export function knownOf(site: Site, models: ReadonlyMap<string, Model>): Known[] {
  const asked = questions(site.world)
  return [...models].map(([from, model]) => {
    const running = detector(model, from)
    return { from, detector: running, answers: answers(running, asked) }
  })
}

export function casesOf({ alpha }: Site, [usual, ...odd]: readonly Known[]): Case[] {
  if (usual === undefined) return []
  return odd.flatMap((one, i) => {
    const next = odd[(i + 1) % odd.length] ?? one
    return [caseOf(one, usual, alpha), caseOf(usual, one, alpha), caseOf(one, next, alpha), caseOf(next, one, alpha)]
  })
}

function caseOf(candidate: Known, incumbent: Known, alpha: number): Case {
  const [mine, theirs] = [candidate.answers, incumbent.answers]
  const gained = new Map(
    [...mine.recalls].map(([family, recall]) => [family, recall - (theirs.recalls.get(family) ?? 0)]),
  )
  return { candidate, incumbent, gained, truth: truthOf(mine, theirs, alpha) }
}

function truthOf(candidate: Answers, incumbent: Answers, alpha: number): Truth {
  if (candidate.recall <= incumbent.recall - worseBy) return 'worse'
  if (candidate.alarmRate > Math.max(loudFactor * alpha, incumbent.alarmRate)) return 'loud'
  return candidate.recall >= incumbent.recall - measuringError ? 'equal or better' : 'between'
}

/** The rows that the gate sees. */
export function heldOut({ world: of, count }: Site): Float32Array {
  const rows = of.rows('gate', Math.round(count * gateShare))
  incidents(rows, of, gateAnomalies, Random.derived(of.seed, 'held out'))
  return rows
}
