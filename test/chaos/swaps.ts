// The swaps program: the same backlog drained without and with detectors published meanwhile, in turn. Shows that no record is
// missed, that every verdict's version is that of its transaction (swaps-history), that the audit agrees, and by how much the
// longest time between two batches grows. Prints a JSON report and exits 1 if anything does not agree.
//   npm run swaps -- [--bus embedded|kafka] [--records 4000000] [--swaps 20] [--rounds 3]
// A drain that is not counted comes first: what the process compiles while it warms up is no swap's fault.
// Growth is told of the longest gaps in windows around the swaps (their mean) and of the longest of whole drains (the median), both
// less the waiting for a core (swaps-gaps).

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { openBus } from '../../libs/bus/open.ts'
import { findBroker } from '../kafka/broker.ts'
import { type Backlog, type DrainReport, drain, fill, type Plan } from './swaps-drain.ts'

/** What the longest gap may grow by. */
const GROWTH_MS_MAX = 5

async function measure(backlog: Backlog, detectors: number, rounds: number): Promise<boolean> {
  const reports: Record<Plan['kind'], DrainReport[]> = { withheld: [], published: [] }
  const warm = await drain(backlog, 'swaps-warm', { kind: 'published', detectors })
  for (let round = 0; round < rounds; round++) {
    const first = round % 2 === 0 ? 'withheld' : 'published'
    for (const kind of [first, first === 'withheld' ? 'published' : 'withheld'] as const) {
      const report = await drain(backlog, `swaps-${kind}-${round}`, { kind, detectors })
      reports[kind].push(report)
      const { faults, windowsMs, ...figures } = report
      process.stderr.write(`${JSON.stringify({ round, kind, ...figures, faults: faults.length })}\n`)
    }
  }
  const { withheld, published } = reports
  const windows = (list: readonly DrainReport[]): number => mean(list.flatMap(({ windowsMs }) => windowsMs))
  const longest = (list: readonly DrainReport[]): number => median(list.map(({ ownGapMs }) => ownGapMs))
  const growthMs = {
    windows: windows(published) - windows(withheld),
    drains: longest(published) - longest(withheld),
    // What drains that do the same differ by: a growth below it is none that was seen.
    spread: spread(withheld.map(({ ownGapMs }) => ownGapMs)),
  }
  const faults = [warm, ...withheld, ...published].flatMap((report) => report.faults)
  if (growthMs.windows >= GROWTH_MS_MAX) faults.push(`around a swap the longest gap grows by ${growthMs.windows} ms`)
  if (growthMs.drains >= Math.max(GROWTH_MS_MAX, growthMs.spread)) {
    faults.push(`the longest gap of a drain grows by ${growthMs.drains} ms`)
  }
  const { records } = backlog
  const summaries = { withheld: summary(withheld), published: summary(published) }
  process.stdout.write(
    `${JSON.stringify({ records, detectors, rounds, ...summaries, growthMs, faults }, rounded, 2)}\n`,
  )
  return faults.length === 0
}

function summary(reports: readonly DrainReport[]): Record<string, number> {
  const fields = ['ownGapMs', 'gapMs', 'waitedShare', 'recordsPerSecond', 'transactions', 'swaps', 'inUseMs'] as const
  const windowsMs = reports.flatMap((report) => report.windowsMs)
  const medians = fields.map((field) => [field, median(reports.map((report) => report[field]))])
  return { ...Object.fromEntries(medians), windowGapMsMean: mean(windowsMs), windowGapMsMedian: median(windowsMs) }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return ((sorted[(sorted.length - 1) >>> 1] ?? 0) + (sorted[sorted.length >>> 1] ?? 0)) / 2
}

/** One value says nothing of how far others would lie. */
function spread(values: readonly number[]): number {
  if (values.length < 2) return Number.POSITIVE_INFINITY
  return Math.max(...values) - Math.min(...values)
}

function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value * 1000) / 1000 : value
}

const { values } = parseArgs({
  options: {
    bus: { type: 'string', default: 'embedded' },
    records: { type: 'string', default: '4000000' },
    swaps: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '3' },
  },
})
const broker = values.bus === 'kafka' ? await findBroker() : null
if (broker?.kind === 'none') throw new Error(`no broker: ${broker.reason}`)
const dir = mkdtempSync(path.join(tmpdir(), 'plumbline-swaps-'))
const bus = await openBus(
  broker === null
    ? { kind: 'embedded', options: { dir, mode: 'own' } }
    : { kind: 'kafka', options: { brokers: broker.brokers, clientId: 'swaps' } },
)
const backlog = await fill(bus, 'payments', Number(values.records))
const good = await measure(backlog, Number(values.swaps), Number(values.rounds))
await bus.close()
await broker?.stop()
rmSync(dir, { recursive: true, force: true })
process.exit(good ? 0 : 1)
