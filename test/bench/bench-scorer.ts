// Bench scorer: the scorer service as it is deployed, with its default settings, on a topic of readings: own topics under a
// prefix of its own, its detector published by promotion, as a trainer would.

import { groupOf, topicShapes, topics } from '../../libs/alert/topics.ts'
import { kafka } from '../../libs/bus/kafka/kafka.ts'
import { sha256 } from '../../libs/core/hash.ts'
import { artefact } from '../../libs/detector/artefact.ts'
import type { LogFields } from '../../libs/run/log.ts'
import { metrics } from '../../libs/run/metrics.ts'
import { settings } from '../../libs/run/settings.ts'
import { Vitals } from '../../libs/run/vitals.ts'
import { scorer } from '../../services/scorer/scorer.ts'
import { promote } from '../../services/trainer/promote.ts'
import { sampleRows } from '../detector/sample-model.ts'
import { readingModel, readingStream, THRESHOLD } from './readings.ts'

export interface BenchScorer {
  readonly brokers: readonly string[]
  readonly topic: string
  readonly prefix: string
  /** Sees what the scorer logs, the moment it does. */
  readonly tell: (event: string, fields: LogFields) => void
}

/** Resolves once it runs; it is ended with its process. */
export async function benchScorer({ brokers, topic, prefix, tell }: BenchScorer): Promise<void> {
  const bus = kafka({ brokers, clientId: prefix })
  const stream = readingStream(topic)
  const names = topics(prefix, stream.spec.stream)
  await bus.ensureTopics(topicShapes(names, await bus.partitions(topic)))
  const model = readingModel(stream)
  const bytes = artefact(model, sampleRows(model, 16, 0, 1))
  await promote({
    bus,
    topics: names,
    prefix,
    stream: stream.spec.stream,
    revision: stream.revision,
    version: sha256(bytes),
    artefact: bytes,
    // Whatever it is: after a restart it is there already.
    expected: undefined,
    threshold: THRESHOLD,
    by: 'bench',
    nowMs: Date.now(),
  })
  const { commitMsMin, idleCommitMs, bufferedBytesMax } = settings({ env: {}, flags: {}, readFile: () => '' })
  const tells = (event: string, fields: LogFields = {}): void => tell(event, fields)
  const running = await scorer({
    bus,
    stream,
    topics: names,
    group: groupOf(prefix, stream.spec.stream),
    metrics: metrics({ version: 'bench', clock: () => Date.now(), scope: 'own' }),
    vitals: new Vitals(() => Date.now()),
    log: { debug: tells, info: tells, warn: tells, error: tells },
    commitMsMin,
    idleCommitMs,
    bufferedBytesMax,
    onMismatch: 'stop',
    resolve: async () => 'absent',
  })
  running.ended.catch((thrown: unknown) => {
    process.stderr.write(`the scorer ended: ${thrown instanceof Error ? thrown.message : thrown}\n`)
    process.exit(1)
  })
}
