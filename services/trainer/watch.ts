// Watch: one look for drift, as a function of what is on the log: the last rows of a stream against the reference in the
// artefact of its champion. Runs in a worker; publishes nothing.
// Invariants
//   W1 the same keys are sampled as when the champion learnt, so that like is held against like.
// Why here and not where rows are judged: one scorer sees some partitions alone, and a reference is of all keys; and records
// do not wait for it. What it costs is a replay of two times' length and the look-back of aggregates, in a thread of its own.

import type { Topics } from '../../libs/alert/topics.ts'
import type { Reader } from '../../libs/bus/bus.ts'
import { type Drift, drift } from '../../libs/detector/drift.ts'
import { scoreRows } from '../../libs/detector/gate.ts'
import { decoderOf } from '../../libs/stream/decoder.ts'
import { fold } from '../../libs/stream/fold.ts'
import type { Spec } from '../../libs/stream/spec.ts'
import { stream as compile } from '../../libs/stream/stream-compile.ts'
import { history } from './history.ts'
import { incumbentOf } from './incumbent.ts'
import { readLabels } from './labelled.ts'
import { shapeOf } from './shape.ts'

export interface WatchRequest {
  readonly spec: Spec
  readonly topics: Topics
  readonly champion: { readonly version: string; readonly artefact: Uint8Array }
}

export type Watched =
  | { readonly kind: 'looked'; readonly drift: Drift; readonly spanMs: number }
  | { readonly kind: 'unknown'; readonly reason: 'no-reference' | 'too-few-rows' }

/** How many times of the history are read back, for the fewer rows that a calm one has. */
const timesBack = 2

export async function watch(
  { spec, topics, champion }: WatchRequest,
  reader: Reader,
  resolve: (id: number) => Promise<string | 'absent'>,
): Promise<Watched> {
  const stream = compile(spec)
  const incumbent = incumbentOf(champion, stream)
  if (incumbent === null || incumbent.reference === null) return { kind: 'unknown', reason: 'no-reference' }
  const { reference, detector } = incumbent
  const spans = reference.scales.map(({ spanMs }) => spanMs)
  const past = await history({
    stream,
    reader,
    makeFold: () => fold(stream, decoderOf(stream)),
    labels: await readLabels(reader, topics.feedback, spec.stream),
    salt: reference.salt,
    modulus: reference.modulus,
    backMs: timesBack * Math.max(...spans),
    resolve,
  })
  const scores = scoreRows(detector, past.rows, past.count)
  const found = drift(reference, { ...past, ...shapeOf(stream), scores })
  return found === null
    ? { kind: 'unknown', reason: 'too-few-rows' }
    : { kind: 'looked', drift: found, spanMs: Math.min(...spans) }
}
