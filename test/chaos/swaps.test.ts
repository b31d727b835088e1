import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { openBus } from '../../libs/bus/open.ts'
import { OUTCOMES } from '../../libs/core/verdict.ts'
import type { Ledger } from '../../libs/task/ledger.ts'
import { drain, fill } from './swaps-drain.ts'
import { type History, historyFaults } from './swaps-history.ts'

test('detectors published while a backlog is drained: no record missed, one version a transaction', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'plumbline-swaps-'))
  const bus = await openBus({ kind: 'embedded', options: { dir, mode: 'own' } })
  try {
    const backlog = await fill(bus, 'payments', 300_000)
    const { faults, swaps, transactions } = await drain(backlog, 'swaps', { kind: 'published', detectors: 2 })
    assert.deepEqual(faults, [])
    assert.equal(swaps, 2)
    assert.ok(transactions >= 12, `${transactions} transactions`)
  } finally {
    await bus.close()
    rmSync(dir, { recursive: true, force: true })
  }
})

/** Two transactions of ten records; the second is judged by another detector; an alert in each. */
function sound(): History {
  const ledger = (nextOffset: number, version: string): Ledger => {
    const counts = new Float64Array(OUTCOMES)
    counts[0] = nextOffset * 0.9
    counts[1] = nextOffset * 0.1
    const beginning = { foldedFrom: 0, judgedFrom: 0, judgedBefore: 0 }
    const buckets = { bucketOffsets: new Float64Array(0), bucketWritten: new Uint8Array(0) }
    const detector = { version, threshold: 1, tail: 'fixed' } as const
    const rest = { beginning, ...buckets, absentSchemas: [], memory: null }
    return { revision: 'r', nextOffset, detector, counts, chain: [0, 0], ...rest }
  }
  return {
    ledgers: [[ledger(10, 'a'), ledger(20, 'b')]],
    published: [
      { kind: 'alert', partition: 0, offset: 9, version: 'a' },
      { kind: 'alert', partition: 0, offset: 10, version: 'b' },
    ],
    switches: [
      { partition: 0, offset: 0, version: 'a' },
      { partition: 0, offset: 10, version: 'b' },
    ],
  }
}

function offsets(end: number): Float64Array {
  return Float64Array.from({ length: end }, (_, i) => i)
}

test('a history that is sound has no faults; each way to be unsound is one', () => {
  const good = sound()
  const [first, second] = good.published
  const [ledger] = good.ledgers[0] ?? []
  assert.ok(first && second && ledger)
  assert.deepEqual(historyFaults(good, [offsets(20)]), [])
  const unsound: [string, History, number][] = [
    ['records missing at the end', good, 21],
    ['a transaction missing', { ...good, ledgers: [[ledger]] }, 20],
    ['an alert of another version', { ...good, published: [first, { ...second, version: 'a' }] }, 20],
    ['an alert twice', { ...good, published: [first, second, second] }, 20],
    ['an alert missing', { ...good, published: [first] }, 20],
    ['a switch that nobody told', { ...good, switches: good.switches.slice(0, 1) }, 20],
    [
      'a switch within a transaction',
      { ...good, switches: [good.switches[0] as never, { partition: 0, offset: 11, version: 'b' }] },
      20,
    ],
  ]
  for (const [what, history, end] of unsound) assert.notDeepEqual(historyFaults(history, [offsets(end)]), [], what)
})
