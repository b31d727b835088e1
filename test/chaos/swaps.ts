// The swaps program: the same backlog drained without and with detectors published meanwhile, in turn. Shows that no record is
// missed, that every verdict's version is that of its transaction (swaps-history), that the audit agrees, and by how much the
// longest time between two batches grows. Prints a JSON report and exits 1 if anything does not agree.
//   npm run swaps -- [--bus embedded|kafka] [--records 1000000] [--swaps 20] [--rounds 5]
// A drain that is not counted comes first: what the process compiles while it warms up is no swap's fault.
// Growth is the difference of medians over the rounds, of gaps less the waiting for a core (swaps-gaps).

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { openBus } from '../../libs/bus/open.ts'
import { findBroker } from '../kafka/broker.ts'
import { type Backlog, type DrainReport, drain, fill } from './swaps-drain.ts'

/** What the longest gap may grow by. */
const GROWTH_MS_MAX = 5

interface Wanted {
  readonly swaps: number
  readonly rounds: number
}

async function measure(backlog: Backlog, { swaps, rounds }: Wanted): Promise<boolean> {
  const without: DrainReport[] = []
  const swapped: DrainReport[] = []
  const warm = await drain(backlog, 'swaps-warm', swaps)
  for (let round = 0; round < rounds; round++) {
    // Each comes first as often as second.
    for (const turn of round % 2 === 0 ? [0, swaps] : [swaps, 0]) {
      const report = await drain(backlog, `swaps-${round}-${turn}`, turn)
      ;(turn === 0 ? without : swapped).push(report)
      const { faults, ...figures } = report
      process.stderr.write(`${JSON.stringify({ round, turn, ...figures, faults: faults.length })}\n`)
    }
  }
  const growthMs = median(swapped, 'ownGapMs') - median(without, 'ownGapMs')
  const faults = [warm, ...without, ...swapped].flatMap((report) => report.faults)
  if (growthMs >= GROWTH_MS_MAX) faults.push(`the longest gap grows by ${growthMs} ms`)
  const report = {
    records: backlog.records,
    swapsADrain: swaps,
    rounds,
    without: summary(without),
    with: summary(swapped),
    growthMs,
    growthMsByClock: median(swapped, 'gapMs') - median(without, 'gapMs'),
    faults,
  }
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
  return faults.length === 0
}

function summary(reports: readonly DrainReport[]): Record<string, number> {
  const fields = [
    'ownGapMs',
    'gapMs',
    'waitedShare',
    'recordsPerSecond',
    'transactions',
    'alerts',
    'swaps',
    'inUseMs',
  ] as const
  return Object.fromEntries(fields.map((field) => [field, median(reports, field)]))
}

function median(reports: readonly DrainReport[], field: Exclude<keyof DrainReport, 'faults'>): number {
  const sorted = reports.map((report) => report[field]).sort((a, b) => a - b)
  return ((sorted[(sorted.length - 1) >>> 1] ?? 0) + (sorted[sorted.length >>> 1] ?? 0)) / 2
}

const { values } = parseArgs({
  options: {
    bus: { type: 'string', default: 'embedded' },
    records: { type: 'string', default: '1000000' },
    swaps: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '5' },
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
const good = await measure(backlog, { swaps: Number(values.swaps), rounds: Number(values.rounds) })
await bus.close()
await broker?.stop()
rmSync(dir, { recursive: true, force: true })
process.exit(good ? 0 : 1)
