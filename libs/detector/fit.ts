// Fit: from rows to a model. The rows are put in the order of time. To calibrate, blocks of them are held out in turn: a fit
// on the others scores the block, which it has not seen, and all these scores give the threshold. A last fit, of the same
// kind and seed, on all rows is the model. Models are scored by the very engine that will serve them, so that the threshold
// is in the engine's numbers.
// Invariants
//   F1 the same request gives the same model to the bit, on one backend.
//   F2 no score that calibrates comes from a fit that has seen its row, and every row calibrates once.
//   F3 only this file and the kinds reach TensorFlow; nothing that scores imports them.
// Why blocks, and all of them: rows drift. Held out one by one at random, each row has neighbours in time that trained, and
// the fit is asked nothing new; the newest fifth alone may be a calm one (twelve public tables, target 1 %: it gave 14 and 12
// times the target on two). A block asks how high normal rows score in a time that was not seen, as the future is; with B
// blocks pooled, a future no stranger than the strangest of them alarms at about B times the target at most. Where rows do
// not drift the blocks agree, and pooling them all leaves the least chance in the threshold. The price: where the history
// was stranger to itself than the future is to it, fewer rows alarm than the budget allows; at small rates, and with
// windows, none at times.
// Sources: cross-conformal prediction (Vovk, 2015); CV+ (Barber, Candès, Ramdas and Tibshirani, 2021); blocks for dependent
// data (Roberts et al., Cross-validation strategies for data with temporal structure, 2017).

import assert from 'node:assert/strict'
import { Failure } from '../core/failure.ts'
import type { DetectorKind, DetectorSetting, LossKind } from '../stream/spec.ts'
import { calibrate, uncalibrated } from './calibration.ts'
import { combine } from './combination.ts'
import { stepsMax } from './description-form.ts'
import { widthMax } from './description-member.ts'
import { finiteInOrder, type GivenRows, gathered, joined } from './fit-rows.ts'
import { fitScaler, scaled } from './fit-scaler.ts'
import { type Fold, folds } from './fit-split.ts'
import { calibrateByKey } from './key-factors.ts'
import { attention } from './kinds/attention.ts'
import { contractive } from './kinds/contractive.ts'
import { convolutional } from './kinds/convolutional.ts'
import { denoising } from './kinds/denoising.ts'
import { ensemble } from './kinds/ensemble.ts'
import { asGiven } from './kinds/given.ts'
import type { Fitted, ImageSize, Kind } from './kinds/kind.ts'
import { recurrent } from './kinds/recurrent.ts'
import { whitenedWidthMax } from './kinds/scoring.ts'
import { sparse } from './kinds/sparse.ts'
import { undercomplete } from './kinds/undercomplete.ts'
import { variational } from './kinds/variational.ts'
import type { Combination, Json, Model, Scaler } from './model.ts'
import { memberScoresOf } from './scores.ts'
import { keptRows, type Trim } from './select.ts'
import type { TrainerChoice } from './training.ts'

/** Rows that hold an infinity are left out and counted; without times they are taken to be in order. */
export interface FitRequest extends GivenRows {
  /** For each column, the index of its feature in `names`. */
  readonly groups: Int32Array
  readonly names: readonly string[]
  readonly revision: string
  readonly kind: DetectorKind
  /** Of the ensemble, and of no other kind; balanced unless said otherwise. */
  readonly setting?: DetectorSetting
  /** What the networks make small; the squared error unless said otherwise. */
  readonly loss?: LossKind
  readonly seed: number
  /** Alarm rate per row, see alphaOf. */
  readonly alpha: number
  /** Whether a row is one number that says already how unusual it is; the ensemble then takes it as it is (given.ts). */
  readonly rowsAre?: 'values' | 'novelties'
  /** Steps of the window that a row is, oldest first, each of width / steps columns; 1: a row is no window. */
  readonly steps: number
  /** Of the convolutional kind: what rows are images of; their channels are as many as the width has for each place. */
  readonly image?: ImageSize
  readonly backend?: TrainerChoice
  readonly trim?: Trim
  /** Fails with `timeout` once `nowMs()` is past it. */
  readonly deadline?: { readonly nowMs: () => number; readonly atMs: number }
  /** Called about progressReports times: the share of all work that is done, and the loss just now. */
  readonly onProgress?: (share: number, loss: number) => void
  /** Joins the manifest: topic, offset ranges, exclusions, code version. */
  readonly manifest?: { readonly [key: string]: Json }
  readonly parent?: string | null
}

/** As many as an artefact may describe steps. */
const imagePlacesMax = 1024
const progressReports = 20
/** Shares are sums of fractions: what falls short of a step by rounding has reached it. */
const reportSlack = 1e-9

const kinds: Record<DetectorKind, Kind> = {
  ensemble,
  undercomplete,
  denoising,
  sparse,
  contractive,
  variational,
  convolutional,
  recurrent,
  attention,
}

export async function fit(request: FitRequest): Promise<Model> {
  const { width } = request
  assert.equal(request.groups.length, width, 'a group for each column')
  assert.equal(width % request.steps, 0, 'steps of equal width')
  assert.ok(request.rows.length >= request.count * width, 'rows for the count')
  if (request.setting !== undefined && request.kind !== 'ensemble')
    throw new Failure('usage', `the kind ${request.kind} has no settings: ensemble alone has`)
  if (width > widthMax)
    throw new Failure('usage', `rows of ${width} columns, steps of a window counted each; ${widthMax} are the most`)
  if (kinds[request.kind].isSlow && request.steps > stepsMax)
    throw new Failure('usage', `a window of ${request.steps} rows; the kind ${request.kind} takes ${stepsMax} at most`)
  if (request.image !== undefined) checkImage(request, request.image)
  const ordered = finiteInOrder(request)
  const isSlow = kinds[request.kind].isSlow || width > whitenedWidthMax || request.setting === 'fast'
  const parts = folds(ordered.length, isSlow ? 'slow' : 'quick')
  const share = 1 / (parts.length + 1)
  const final = await learn(request, ordered, { done: 0, share })
  const { held, known, together } = final.fitted
  const memberScores =
    held === undefined
      ? await heldScores(request, ordered, parts, share)
      : givenScores(request, ordered, final, held.scores)
  const combination = together(memberScores)
  const scores = new Float32Array(ordered.length)
  combine(combination)(scores.length, memberScores, scores)
  const least = held === undefined ? 0 : beyond(combination, memberScores, held.margin)
  const { keys } = request
  const ownKeys = keys === undefined ? null : Uint32Array.from(ordered, (position) => keys[position]!)
  const calibration =
    known === undefined
      ? calibrateByKey(scores, ownKeys, parts, { alpha: request.alpha, least })
      : calibrate(beside(scores, known), request.alpha)
  const sampler = final.fitted.sampler?.(gathered(request.rows, final.positions, width)) ?? null
  return {
    ...draft(request, final),
    ...(sampler === null ? {} : { sampler }),
    combination,
    calibration,
    manifest: {
      ...request.manifest,
      ...(request.kind === 'ensemble' ? { setting: request.setting ?? 'balanced' } : {}),
      seed: request.seed,
      backend: final.fitted.backend,
      rows: {
        given: request.count,
        notFinite: request.count - ordered.length,
        trimmed: final.trimmed,
        trained: ordered.length - final.trimmed,
        calibrated: ordered.length,
      },
      losses: final.fitted.losses,
    },
  }
}

function checkImage({ kind, steps, width }: FitRequest, image: ImageSize): void {
  const size = `${image.height}x${image.width}`
  const places = image.height * image.width
  if (kind !== 'convolutional')
    throw new Failure('usage', `the kind ${kind} does not learn from images: convolutional alone does`)
  if (steps > 1) throw new Failure('usage', 'a row is an image or a window of several rows, not both')
  if (places > imagePlacesMax)
    throw new Failure('usage', `images of ${size} have ${places} places; at most ${imagePlacesMax} are learnt from`)
  if (places === 0 || width % places !== 0)
    throw new Failure('usage', `${width} columns make no image of ${size}: a whole number for each place does`)
}

function beside(scores: Float32Array, known: Float32Array): Float32Array {
  const all = new Float32Array(scores.length + known.length)
  all.set(scores)
  all.set(known, scores.length)
  return all
}

/** The largest of the combined scores if each member's were `margin` times as high. */
function beyond(combination: Combination, memberScores: readonly Float32Array[], margin: number): number {
  const raised = memberScores.map((own) => own.map((score) => score * margin))
  const scores = new Float32Array(raised[0]?.length ?? 0)
  combine(combination)(scores.length, raised, scores)
  return scores.reduce((most, score) => Math.max(most, score), 0)
}

/** Of every row, by fits on the blocks that it is not in. */
async function heldScores(
  request: FitRequest,
  ordered: Int32Array,
  parts: readonly Fold[],
  share: number,
): Promise<Float32Array[]> {
  const memberScores: Float32Array[] = []
  for (const [i, { held, train }] of parts.entries()) {
    const attempt = await learn(request, joined(ordered, train), { done: (i + 1) * share, share })
    const rows = gathered(request.rows, ordered.subarray(held.from, held.to), request.width)
    for (const [m, own] of memberScoresOf(draft(request, attempt), rows).entries()) {
      memberScores[m] ??= new Float32Array(ordered.length)
      memberScores[m].set(own, held.from)
    }
  }
  return memberScores
}

/** Those that came with the fit, of the rows that trained; a trimmed row is scored by the model, which has not seen it. */
function givenScores(
  request: FitRequest,
  ordered: Int32Array,
  attempt: Attempt,
  held: readonly Float32Array[],
): Float32Array[] {
  const trained = new Map(Array.from(attempt.positions, (position, i) => [position, i]))
  const trimmed = ordered.filter((position) => !trained.has(position))
  const scores = memberScoresOf(draft(request, attempt), gathered(request.rows, trimmed, request.width))
  return held.map((own, m) => {
    let next = 0
    return Float32Array.from(ordered, (position) => {
      const at = trained.get(position)
      return (at === undefined ? scores[m]?.[next++] : own[at]) ?? 0
    })
  })
}

interface Attempt {
  readonly scaler: Scaler
  readonly fitted: Fitted
  /** Of the rows that trained. */
  readonly positions: Int32Array
  readonly trimmed: number
}

/** Shares of all the work: what is done when a fit begins, and what the fit is. */
interface Progress {
  readonly done: number
  readonly share: number
}

/** Fits on the rows at `positions`; with `trim`, again without those that score highest. */
async function learn(request: FitRequest, positions: Int32Array, { done, share }: Progress): Promise<Attempt> {
  const round = share / ((request.trim?.rounds ?? 0) + 1)
  const rounds = request.trim?.rounds ?? 0
  let stay = positions
  let attempt = await learnOnce(request, stay, { done, share: round })
  for (let i = 1; i <= rounds; i++) {
    const rows = gathered(request.rows, stay, request.width)
    const before = stay
    const memberScores = memberScoresOf(draft(request, attempt), rows)
    const scores = new Float32Array(stay.length)
    combine(attempt.fitted.together(memberScores))(scores.length, memberScores, scores)
    const kept = keptRows(scores, request.trim?.share ?? 0)
    stay = Int32Array.from(kept, (index) => before[index]!)
    attempt = await learnOnce(request, stay, { done: done + i * round, share: round })
  }
  return { ...attempt, positions: stay, trimmed: positions.length - stay.length }
}

async function learnOnce(
  request: FitRequest,
  positions: Int32Array,
  progress: Progress,
): Promise<Omit<Attempt, 'positions' | 'trimmed'>> {
  const { width } = request
  const count = positions.length
  const rows = gathered(request.rows, positions, width)
  const isGiven = request.kind === 'ensemble' && request.rowsAre === 'novelties' && width === 1
  const scaler = isGiven ? asGiven : fitScaler(rows, count, width, request.steps > 1)
  let reported = Math.floor(progress.done * progressReports + reportSlack)
  const fitted = await kinds[request.kind].fit(
    { rows: scaled(rows, count, scaler), count, width },
    {
      seed: request.seed,
      steps: request.steps,
      ...(request.image === undefined ? {} : { image: request.image }),
      groups: request.groups,
      isGiven,
      setting: request.setting ?? 'balanced',
      loss: request.loss ?? 'squared',
      backend: request.backend ?? 'auto',
      onProgress: (share, loss) => {
        const { deadline } = request
        const all = progress.done + progress.share * share
        if (deadline !== undefined && deadline.nowMs() > deadline.atMs)
          throw new Failure('timeout', `the training passed its deadline at ${Math.round(all * 100)} %`)
        if (all * progressReports + reportSlack < reported + 1) return
        reported = Math.floor(all * progressReports + reportSlack)
        request.onProgress?.(Math.min(1, all), loss)
      },
    },
  )
  return { scaler, fitted }
}

function draft(request: FitRequest, { scaler, fitted }: Pick<Attempt, 'scaler' | 'fitted'>): Model {
  return {
    kind: request.kind,
    width: request.width,
    layout: { revision: request.revision, features: request.names, groups: request.groups },
    scaler,
    members: fitted.members,
    combination: { kind: 'mean' },
    calibration: uncalibrated,
    manifest: null,
    gate: null,
    parent: request.parent ?? null,
  }
}
