// Train: one training, from replay to gate, as a function of what is on the log: history → normal rows → fit → calibrate →
// gate → artefact. Runs in a worker; publishes nothing.
// Invariants
//   T1 the rows that the gate judges on are later than all that fit and calibration saw; rows that people labelled, and
//      canaries, are judged on beside them wherever they lie.
//   T2 the same log, spec, incumbent and seed give the same artefact.

import type { Labels } from '../../libs/alert/labels.ts'
import type { Topics } from '../../libs/alert/topics.ts'
import type { Reader } from '../../libs/bus/bus.ts'
import { Failure } from '../../libs/core/failure.ts'
import { sha256 } from '../../libs/core/hash.ts'
import { artefact } from '../../libs/detector/artefact.ts'
import { alphaOf } from '../../libs/detector/calibration.ts'
import { fit } from '../../libs/detector/fit.ts'
import { type GateResult, gate } from '../../libs/detector/gate.ts'
import { factorsOf } from '../../libs/detector/key-factors.ts'
import { detector } from '../../libs/detector/load.ts'
import type { Json } from '../../libs/detector/model.ts'
import type { TrainerChoice } from '../../libs/detector/training.ts'
import { decoderOf } from '../../libs/stream/decoder.ts'
import { fold } from '../../libs/stream/fold.ts'
import type { Spec } from '../../libs/stream/spec.ts'
import type { Stream } from '../../libs/stream/stream.ts'
import { stream as compile } from '../../libs/stream/stream-compile.ts'
import { besideOf, inheritedOf } from './beside.ts'
import { type History, history } from './history.ts'
import { changeMs, incumbentOf, ratiosOf } from './incumbent.ts'
import { capped } from './key-cap.ts'
import { labelledRows, readLabels } from './labelled.ts'
import { type Normal, normalRows } from './normal.ts'
import { rowsAt, type SampledRows } from './sample.ts'
import { shapeOf } from './shape.ts'

export interface TrainRequest {
  readonly spec: Spec
  readonly topics: Topics
  readonly incumbent: { readonly version: string; readonly artefact: Uint8Array } | null
  readonly seed: number
  readonly nowMs: number
  /** What is normal has changed for good: from this event time on, or from where the incumbent's alarms say. */
  readonly trend?: number | 'find'
  readonly backend?: TrainerChoice
  readonly code?: string
}

export interface Trained {
  readonly version: string
  readonly artefact: Uint8Array
  readonly gate: GateResult
  readonly rows: number
  /** Rows of the history that were not learnt from, by reason. */
  readonly dropped: Readonly<Record<string, number>>
  readonly labels: LabelCounts
}

/** What people had said. */
export interface LabelCounts {
  readonly read: number
  /** Messages that are no feedback, and the first few of them with their place and fault. */
  readonly faulty: number
  readonly faults: readonly string[]
}

export interface TrainTools {
  readonly elapsedMs: () => number
  readonly progress: (message: string) => void
  readonly resolve: (id: number) => Promise<string | 'absent'>
}

const dayMs = 86_400_000
/** Share of the rows, the latest, that only the gate sees. */
const gateShare = 0.15
const goldenRows = 16
/** Fewer rows than this teach nothing, whatever `rowsMin` says of when to begin. */
const rowsLeast = 200

export async function train(request: TrainRequest, reader: Reader, tools: TrainTools): Promise<Trained> {
  const startedMs = tools.elapsedMs()
  const stream = compile(request.spec)
  const { training, window } = request.spec
  const labels = await readLabels(reader, request.topics.feedback, request.spec.stream)
  const past = await history({
    stream,
    reader,
    makeFold: () => fold(stream, decoderOf(stream)),
    labels,
    salt: request.seed,
    backMs: training.historyMs + training.feedbackDelayMs,
    modulus: 1,
    resolve: tools.resolve,
  })
  tools.progress(`${past.count} rows of ${past.recordsSeen} records`)
  const incumbent = request.incumbent === null ? null : incumbentOf(request.incumbent, stream)
  const ratios = incumbent === null ? null : ratiosOf(incumbent, past)
  const trendFromMs = trendOf(request, past, ratios)
  const normal = normalRows({
    sampled: past,
    calls: past.calls,
    ratios,
    steps: window.rows,
    feedbackDelayMs: training.feedbackDelayMs,
    trendFromMs,
  })
  if (normal.places.length < Math.min(training.rowsMin, rowsLeast)) {
    throw new Failure(
      'data-too-little',
      `${normal.places.length} rows to learn from, ${training.rowsMin} are needed (${droppedText(past, normal)})`,
    )
  }
  const parts = partsOf(past, normal, stream.width)
  const dropped = { ...past.dropped, ...normal.dropped, 'over-key-cap': parts.capped }
  const days = Math.max(past.spanMs / dayMs, 1 / 24)
  const { rows, count, timesMs, keys } = parts.learnt
  const model = await fit({
    rows,
    count,
    timesMs,
    ...(request.spec.detector.thresholds === 'per-key' ? { keys } : {}),
    ...shapeOf(stream),
    revision: stream.revision,
    kind: request.spec.detector.kind,
    rowsAre: isNoveltyAlone(stream) ? 'novelties' : 'values',
    ...(request.spec.detector.kind === 'ensemble' ? { setting: request.spec.detector.setting } : {}),
    loss: request.spec.detector.loss,
    seed: request.seed,
    alpha: alphaOf(request.spec.detector.alarms, past.rowsSeen / days),
    steps: window.rows,
    backend: request.backend ?? 'auto',
    onProgress: (share, loss) => tools.progress(`training ${Math.round(share * 100)} %, loss ${loss.toPrecision(4)}`),
    manifest: manifest(request, { past, normal, dropped, labels, trendFromMs }),
    parent: request.incumbent?.version ?? null,
  })
  const candidate = detector(model, 'candidate')
  const inherited = incumbent === null ? null : inheritedOf(incumbent, stream, parts.held, labels)
  const judged = gate({
    candidate,
    incumbent: incumbent?.detector ?? null,
    rows: parts.held.rows,
    count: parts.held.count,
    width: stream.width,
    factors: {
      candidate: factorsOf(model.calibration.keys, parts.held.keys),
      incumbent: factorsOf(incumbent?.keys ?? null, parts.held.keys),
    },
    groups: stream.groups,
    alpha: model.calibration.alpha,
    seed: request.seed,
    feedback: labelledRows(past.calls, stream.width),
    ...(inherited === null ? {} : { canaries: { rows: inherited.rows, count: inherited.origins.length } }),
  })
  const gated = { ...model, gate: { verdict: judged.verdict, reasons: judged.reasons, numbers: judged.numbers } }
  const beside = besideOf(candidate, {
    stream,
    past,
    places: normal.places,
    held: parts.held,
    inherited,
    seed: request.seed,
  })
  const bytes = artefact({ ...gated, ...beside }, golden(parts.learnt, stream.width))
  tools.progress(`done in ${((tools.elapsedMs() - startedMs) / 1000).toFixed(1)} s`)
  return {
    version: sha256(bytes),
    artefact: bytes,
    gate: judged,
    rows: parts.learnt.count + parts.held.count,
    dropped,
    labels: labelCounts(labels),
  }
}

/** A row that says already how unusual it is. */
function isNoveltyAlone({ layout, width }: Stream): boolean {
  return width === 1 && layout[0]?.spec.kind === 'novelty'
}

function trendOf({ trend }: TrainRequest, past: History, ratios: Float32Array | null): number | null {
  if (trend !== 'find') return trend ?? null
  return ratios === null ? null : changeMs(ratios, past.timesMs)
}

function labelCounts(labels: Labels): LabelCounts {
  return { read: labels.size, faulty: labels.faults.count, faults: labels.faults.first }
}

interface Parts {
  readonly learnt: SampledRows
  /** The latest, for the gate. */
  readonly held: SampledRows
  /** Rows left out of what is learnt, since their keys give too many. */
  readonly capped: number
}

function partsOf(past: History, normal: Normal, width: number): Parts {
  const cut = Math.floor(normal.places.length * (1 - gateShare))
  const early = normal.places.subarray(0, cut)
  const { stay, dropped } = capped(Uint32Array.from(early, (place) => past.keys[place] as number))
  return {
    learnt: rowsAt(
      past,
      Uint32Array.from(stay, (i) => early[i] as number),
      width,
    ),
    held: rowsAt(past, normal.places.subarray(cut), width),
    capped: dropped,
  }
}

function golden({ rows, count }: SampledRows, width: number): Float32Array {
  const chosen = new Float32Array(goldenRows * width)
  for (let i = 0; i < goldenRows; i++) {
    const from = Math.floor((i * count) / goldenRows) * width
    chosen.set(rows.subarray(from, from + width), i * width)
  }
  return chosen
}

function droppedText(past: History, normal: Normal): string {
  const all = Object.entries({ ...past.dropped, ...normal.dropped }).map(([reason, count]) => `${count} ${reason}`)
  return all.length === 0 ? 'none was left out' : `left out: ${all.join(', ')}`
}

interface Learnt {
  readonly past: History
  readonly normal: Normal
  readonly dropped: Readonly<Record<string, number>>
  readonly labels: Labels
  readonly trendFromMs: number | null
}

function manifest(
  { spec, code }: TrainRequest,
  { past, normal, dropped, labels, trendFromMs }: Learnt,
): { readonly [key: string]: Json } {
  const { read, faulty, faults } = labelCounts(labels)
  return {
    stream: spec.stream,
    topic: spec.source.topic,
    ranges: past.ranges.map(({ partition, from, to }) => ({ partition, from, to })),
    exclude: spec.training.exclude.map(({ fromMs, toMs, reason }) => ({ fromMs, toMs, reason })),
    recordsSeen: past.recordsSeen,
    rowsSeen: past.rowsSeen,
    dropped,
    readmitted: normal.readmitted,
    guardMs: normal.guardMs,
    labels: { read, faulty, faults },
    trendFromMs,
    code: code ?? 'unknown',
  }
}
