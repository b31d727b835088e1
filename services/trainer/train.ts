// Train: one training, from replay to gate, as a function of what is on the log: history → normal rows → fit → calibrate →
// gate → artefact. Runs in a worker; publishes nothing.
// Invariants
//   T1 the rows that the gate judges on are later than all that fit and calibration saw.
//   T2 the same log, spec, incumbent and seed give the same artefact.
// Rows that the incumbent alarmed on are dropped only from `majorRatio` times its threshold on: below, most alarms are the
// budget's own share of normal rows, and dropping those would thin the tail a little more at each retraining, until the
// threshold lies in the middle of normal traffic.

import type { Topics } from '../../libs/alert/topics.ts'
import type { Reader } from '../../libs/bus/bus.ts'
import { Failure } from '../../libs/core/failure.ts'
import { sha256 } from '../../libs/core/hash.ts'
import { keyBytes, valueBytes } from '../../libs/core/records.ts'
import { artefact } from '../../libs/detector/artefact.ts'
import { alphaOf } from '../../libs/detector/calibration.ts'
import type { Detector } from '../../libs/detector/detector.ts'
import { fit } from '../../libs/detector/fit.ts'
import { type GateResult, gate } from '../../libs/detector/gate.ts'
import { detector, load } from '../../libs/detector/load.ts'
import type { Json } from '../../libs/detector/model.ts'
import type { TrainerChoice } from '../../libs/detector/training.ts'
import { decoderOf } from '../../libs/stream/decoder.ts'
import { fold } from '../../libs/stream/fold.ts'
import type { Spec } from '../../libs/stream/spec.ts'
import type { Stream } from '../../libs/stream/stream.ts'
import { stream as compile } from '../../libs/stream/stream-compile.ts'
import { type History, history } from './history.ts'

export interface TrainRequest {
  readonly spec: Spec
  readonly topics: Topics
  readonly incumbent: { readonly version: string; readonly artefact: Uint8Array } | null
  readonly seed: number
  readonly nowMs: number
  readonly backend?: TrainerChoice
  readonly code?: string
}

export interface Trained {
  readonly version: string
  readonly artefact: Uint8Array
  readonly gate: GateResult
  readonly rows: number
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
const majorRatio = 1.5

export async function train(request: TrainRequest, reader: Reader, tools: TrainTools): Promise<Trained> {
  const startedMs = tools.elapsedMs()
  const stream = compile(request.spec)
  const past = await history({
    stream,
    reader,
    makeFold: () => fold(stream, decoderOf(stream)),
    flagged: await flaggedRecords(reader, request.topics.feedback, request.spec),
    salt: request.seed,
    resolve: tools.resolve,
  })
  tools.progress(`${past.count} rows of ${past.recordsSeen} records`)
  const incumbent =
    request.incumbent === null ? null : load(request.incumbent.artefact, { version: request.incumbent.version })
  const normal = withoutAlarmed(past, stream.width, incumbent)
  const { rowsMin } = request.spec.training
  if (normal.count < Math.min(rowsMin, 200)) {
    throw new Failure('data-too-little', `${normal.count} rows to learn from, ${rowsMin} are needed`)
  }
  const cut = Math.floor(normal.count * (1 - gateShare))
  const days = Math.max(past.spanMs / dayMs, 1 / 24)
  const model = await fit({
    rows: normal.rows.subarray(0, cut * stream.width),
    count: cut,
    width: stream.width,
    groups: stream.groups,
    names: stream.layout.map((entry) => entry.spec.name),
    revision: stream.revision,
    kind: request.spec.detector.kind,
    loss: request.spec.detector.loss,
    seed: request.seed,
    alpha: alphaOf(request.spec.detector.alarms, past.rowsSeen / days),
    steps: request.spec.window.rows,
    timesMs: normal.timesMs.subarray(0, cut),
    backend: request.backend ?? 'auto',
    onProgress: (share, loss) => tools.progress(`training ${Math.round(share * 100)} %, loss ${loss.toPrecision(4)}`),
    manifest: manifest(request, past, normal),
    parent: request.incumbent?.version ?? null,
  })
  const judged = gate({
    candidate: detector(model, 'candidate'),
    incumbent,
    rows: normal.rows.subarray(cut * stream.width),
    count: normal.count - cut,
    width: stream.width,
    groups: stream.groups,
    alpha: model.calibration.alpha,
    seed: request.seed,
  })
  const gated = { ...model, gate: { verdict: judged.verdict, reasons: judged.reasons, numbers: judged.numbers } }
  const bytes = artefact(gated, golden(normal, stream))
  tools.progress(`done in ${((tools.elapsedMs() - startedMs) / 1000).toFixed(1)} s`)
  return { version: sha256(bytes), artefact: bytes, gate: judged, rows: normal.count }
}

/** `partition/offset` of the stream's records that feedback calls anomalous; the last word on a record counts. */
async function flaggedRecords(reader: Reader, topic: string, spec: Spec): Promise<Set<string>> {
  const flagged = new Set<string>()
  const prefix = `${spec.stream}/${spec.source.topic}/`
  const text = new TextDecoder()
  for (let partition = 0; partition < (await reader.partitions(topic)); partition++) {
    const range = await reader.range(topic, partition)
    for await (const records of reader.read(topic, partition, range.first, range.next)) {
      for (let i = 0; i < records.count; i++) {
        const key = text.decode(keyBytes(records, i) ?? new Uint8Array(0))
        if (!key.startsWith(prefix)) continue
        const value = valueBytes(records, i)
        const anomaly = value !== null && text.decode(value).includes('"anomaly"')
        if (anomaly) flagged.add(key.slice(prefix.length))
        else flagged.delete(key.slice(prefix.length))
      }
    }
  }
  return flagged
}

interface Normal {
  readonly rows: Float32Array
  readonly count: number
  readonly timesMs: Float64Array
  readonly alarmed: number
}

function withoutAlarmed(past: History, width: number, incumbent: Detector | null): Normal {
  const { rows, count, timesMs } = past
  if (incumbent === null || incumbent.width !== width) return { rows, count, timesMs, alarmed: 0 }
  const kept = new Float32Array(rows.length)
  const keptTimesMs = new Float64Array(count)
  const scores = new Float32Array(incumbent.rowsMax)
  let at = 0
  for (let from = 0; from < count; from += incumbent.rowsMax) {
    const size = Math.min(incumbent.rowsMax, count - from)
    incumbent.input.set(rows.subarray(from * width, (from + size) * width))
    incumbent.score(size, scores)
    for (let i = 0; i < size; i++) {
      if ((scores[i] as number) >= majorRatio * incumbent.threshold) continue
      kept.set(rows.subarray((from + i) * width, (from + i + 1) * width), at * width)
      keptTimesMs[at++] = timesMs[from + i] as number
    }
  }
  return {
    rows: kept.subarray(0, at * width),
    count: at,
    timesMs: keptTimesMs.subarray(0, at),
    alarmed: count - at,
  }
}

function golden(normal: Normal, stream: Stream): Float32Array {
  const rows = new Float32Array(goldenRows * stream.width)
  for (let i = 0; i < goldenRows; i++) {
    const from = Math.floor((i * normal.count) / goldenRows) * stream.width
    rows.set(normal.rows.subarray(from, from + stream.width), i * stream.width)
  }
  return rows
}

function manifest(request: TrainRequest, past: History, normal: Normal): { readonly [key: string]: Json } {
  const { spec } = request
  return {
    stream: spec.stream,
    topic: spec.source.topic,
    ranges: past.ranges.map(({ partition, from, to }) => ({ partition, from, to })),
    exclude: spec.training.exclude.map(({ fromMs, toMs, reason }) => ({ fromMs, toMs, reason })),
    recordsSeen: past.recordsSeen,
    rowsSeen: past.rowsSeen,
    dropped: { ...past.dropped, 'alarmed-by-incumbent': normal.alarmed },
    code: request.code ?? 'unknown',
  }
}
