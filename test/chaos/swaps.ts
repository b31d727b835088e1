// Swaps: detectors published one after the other while a backlog is drained at full speed. Shows that no record is missed, that
// every verdict's version is a function of its transaction alone (the audit recomputes each with the detector that the
// switches on the events topic name), and how much longer the longest gap between two batches becomes.
//   node dist/test/chaos/swaps.js [--records 600000] [--swaps 20] [--rounds 3]

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { topicShapes } from '../../libs/alert/topics.ts'
import type { Bus } from '../../libs/bus/bus.ts'
import { openBus } from '../../libs/bus/open.ts'
import { sha256 } from '../../libs/core/hash.ts'
import { artefact } from '../../libs/detector/artefact.ts'
import { Publications, publication } from '../../libs/detector/publication.ts'
import { log } from '../../libs/run/log.ts'
import { metrics } from '../../libs/run/metrics.ts'
import { Vitals } from '../../libs/run/vitals.ts'
import { auditStream } from '../../libs/task/evidence.ts'
import { scorer } from '../../services/scorer/scorer.ts'
import { sampleRows } from '../detector/sample-model.ts'
import { names, payments, paymentsModel, stream } from '../task/judging.ts'

export interface SwapsReport {
  readonly records: number
  readonly judged: number
  readonly alerts: number
  readonly versions: number
  /** Longest time between two chunks scored, ms: the median over the rounds. */
  readonly gapMs: number
  readonly faults: readonly string[]
}

const threshold = 3_000

/** Drains a backlog of `records` while `swaps` detectors are published, evenly over it. */
export async function drain(records: number, swaps: number): Promise<SwapsReport> {
  const dir = mkdtempSync(path.join(tmpdir(), 'plumbline-swaps-'))
  const bus = await openBus({ kind: 'embedded', options: { dir, mode: 'own' } })
  try {
    await bus.ensureTopics([{ topic: 'payments', partitions: 4, cleanup: 'delete', retentionMs: null }])
    await bus.ensureTopics(topicShapes(names, 4))
    for (let at = 0; at < records; at += 10_000) {
      const list = payments(Math.min(10_000, records - at), at + 1)
      await bus.publish(list.map((record) => ({ ...record, topic: 'payments', partition: null, headers: [] })))
    }
    await publish(bus, 0)
    return await drained(bus, records, swaps)
  } finally {
    await bus.close()
    rmSync(dir, { recursive: true, force: true })
  }
}

async function publish(bus: Bus, seed: number): Promise<void> {
  const model = paymentsModel(seed + 1)
  const bytes = artefact(model, sampleRows(model, 16, 0, 1))
  const { revision } = stream
  const version = sha256(bytes)
  const request = {
    topic: names.detectors,
    stream: 'payments',
    revision,
    version,
    artefact: bytes,
    threshold,
    by: 'test',
    nowMs: 0,
  }
  await bus.publish(publication(request, new Publications()))
}

async function drained(bus: Bus, records: number, swaps: number): Promise<SwapsReport> {
  const told = metrics({ version: 'swaps', clock: () => 0, scope: 'own' })
  let lastMs = Number.NaN
  let gapMs = 0
  let rows = 0
  const scored = told.scored.bind(told)
  told.scored = (name, scores, count, limit) => {
    const nowMs = performance.now()
    if (lastMs > 0) gapMs = Math.max(gapMs, nowMs - lastMs)
    lastMs = nowMs
    rows += count
    scored(name, scores, count, limit)
  }
  const running = await scorer({
    bus,
    stream,
    topics: names,
    group: 'plumbline.payments',
    metrics: told,
    vitals: new Vitals(() => 0),
    log: log({ level: 'error', clock: () => 0, write: (line) => process.stderr.write(line) }),
    commitMsMin: 20,
    idleCommitMs: 100,
    bufferedBytesMax: 64 * 1024 * 1024,
    onMismatch: 'stop',
    resolve: async () => 'absent',
  })
  const judged = (): number => running.counts().reduce((sum, count) => sum + count, 0)
  let published = 0
  const publishing: Promise<void>[] = []
  while (judged() < records) {
    if (published < swaps && rows > (records * (published + 0.5)) / swaps) publishing.push(publish(bus, ++published))
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  await Promise.all(publishing)
  await running.stop()
  const evidence = await auditStream(bus, stream, names, async () => 'absent')
  return {
    records,
    judged: judged(),
    alerts: evidence.alerts,
    versions: evidence.versions,
    gapMs,
    faults: evidence.faults,
  }
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({
    options: {
      records: { type: 'string', default: '600000' },
      swaps: { type: 'string', default: '20' },
      rounds: { type: 'string', default: '3' },
    },
  })
  const middle = (reports: readonly SwapsReport[]): number =>
    reports.map(({ gapMs }) => gapMs).sort((a, b) => a - b)[Math.floor(reports.length / 2)] as number
  const without: SwapsReport[] = []
  const swapped: SwapsReport[] = []
  for (let round = 0; round < Number(values.rounds); round++) {
    without.push(await drain(Number(values.records), 0))
    swapped.push(await drain(Number(values.records), Number(values.swaps)))
  }
  const faults = [...without, ...swapped].flatMap((report) => report.faults)
  const report = {
    last: swapped.at(-1),
    gapMsWithoutSwaps: middle(without),
    gapMsWithSwaps: middle(swapped),
    growthMs: middle(swapped) - middle(without),
    faults,
  }
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
  process.exit(faults.length === 0 ? 0 : 1)
}
