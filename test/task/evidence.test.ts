import assert from 'node:assert/strict'
import test from 'node:test'
import { Random } from '../../libs/core/random.ts'
import { recordsOf } from '../../libs/core/records.ts'
import { artefact } from '../../libs/detector/artefact.ts'
import { load } from '../../libs/detector/load.ts'
import { Publications, publication } from '../../libs/detector/publication.ts'
import type { Stream } from '../../libs/stream/stream.ts'
import { type Audited, auditStream, lastLedger } from '../../libs/task/evidence.ts'
import type { OnMismatch } from '../../libs/task/restore.ts'
import type { InForce } from '../../libs/task/task.ts'
import { Memory, names, payments, paymentsModel, paymentsStream, restoredTask, stream } from './judging.ts'

const seed = Number(process.env['SEED'] ?? 7)
const revised = paymentsStream('  - { name: spent, sum: amount, over: 1h }')

/** Publishes a detector and answers it; most rows alarm, until what is normal is held to have changed. */
function published(memory: Memory, which: number): InForce {
  const model = paymentsModel(which)
  const random = Random.derived(which, 'golden')
  const bytes = artefact(
    model,
    Float32Array.from({ length: 8 * stream.width }, () => random.uniform() * 10),
  )
  const detector = load(bytes, {})
  const facts = { topic: names.detectors, stream: 'payments', revision: stream.revision, version: detector.version }
  memory.commit(
    publication({ ...facts, artefact: bytes, threshold: null, by: 'trainer', nowMs: 0 }, new Publications()),
  )
  return { detector, threshold: 60 }
}

interface Life {
  readonly committed: number | null
  readonly to: number
  readonly serving: InForce | null
  /** Offered in the middle. */
  readonly second?: InForce
  readonly onMismatch?: OnMismatch
  readonly judged?: Stream
}

/** One process that judges up to `to`, in transactions of 125 records; answers where it began. */
async function live(memory: Memory, { committed, to, serving, second, onMismatch, judged }: Life): Promise<number> {
  const { task, restored } = await restoredTask(memory, committed, serving, onMismatch, judged)
  const records = memory.all('payments', 0)
  for (let from = restored.position; from < to; from += 125) {
    if (second !== undefined && from >= (restored.position + to) / 2) task.offer(second)
    const { outputs } = task.step(recordsOf(records.slice(from, Math.min(from + 125, to)), from), 0)
    memory.commit([...outputs, ...task.checkpoint()])
  }
  return restored.position
}

function audited(memory: Memory, judged: Stream = stream): Promise<Audited> {
  return auditStream(memory, judged, names, async () => 'absent')
}

function begun(): { memory: Memory; one: InForce; two: InForce } {
  const memory = new Memory()
  memory.append('payments', 0, payments(4_000, seed))
  return { memory, one: published(memory, 1), two: published(memory, 2) }
}

async function agrees(memory: Memory, judged: number, of: Stream = stream): Promise<Audited> {
  const found = await audited(memory, of)
  assert.deepEqual(found.faults, [])
  assert.equal(found.judged, judged)
  return found
}

test('a stream that never stopped, and one that went on where it stopped, agree', async () => {
  const { memory, one, two } = begun()
  await live(memory, { committed: null, to: 2_000, serving: one, second: two })
  const before = await agrees(memory, 2_000)
  assert.ok(before.alerts > 12 && before.versions === 2, JSON.stringify(before))
  assert.equal(await live(memory, { committed: 2_000, to: 3_000, serving: two }), 2_000)
  await agrees(memory, 3_000)
})

test('reset with its state gone: counted from the group offset, and still able to find a lost alert', async () => {
  const { memory, one, two } = begun()
  await live(memory, { committed: null, to: 2_000, serving: one, second: two })
  memory.all(names.state, 0).length = 0
  assert.equal(await live(memory, { committed: 2_000, to: 3_000, serving: two, onMismatch: 'rebuild' }), 2_000)
  const { alerts } = await agrees(memory, 1_000)
  assert.ok(alerts > 12, `${alerts} alerts`)
  const lost = memory.all(names.alerts, 0).pop()
  assert.match((await audited(memory)).faults.join('\n'), /lost/)
  if (lost !== undefined) memory.append(names.alerts, 0, [lost, lost])
  assert.match((await audited(memory)).faults.join('\n'), /duplicate/)
})

for (const [moved, serving] of [
  [1_500, 'two'],
  [500, 'two'],
  [500, null],
  [2_750, 'one'],
] as const) {
  test(`reset with the group moved from 2000 to ${moved}, then judged by ${serving}: agrees`, async () => {
    const both = begun()
    const { memory, one, two } = both
    await live(memory, { committed: null, to: 2_000, serving: one, second: two })
    await assert.rejects(live(memory, { committed: moved, to: 3_500, serving: two }), /--reset-state/)
    const now = serving === null ? null : both[serving]
    await live(memory, { committed: moved, to: 3_500, serving: now, onMismatch: 'rebuild' })
    await agrees(memory, 3_500 - moved)
    await live(memory, { committed: 3_500, to: 4_000, serving: now })
    await agrees(memory, 4_000 - moved)
    if (now === null) return
    const last = memory.all(names.alerts, 0).at(-1)
    if (last !== undefined) memory.append(names.alerts, 0, [last])
    assert.match((await audited(memory)).faults.join('\n'), /duplicate/)
  })
}

test('a new revision is held against what it judged itself', async () => {
  const { memory, one, two } = begun()
  await live(memory, { committed: null, to: 2_000, serving: one, second: two })
  await live(memory, { committed: 2_000, to: 3_000, serving: null, judged: revised })
  await agrees(memory, 1_000, revised)
  await agrees(memory, 2_000)
})

test('input that is gone before the beginning does no harm; input that is gone after it is a fault', async () => {
  const { memory, one, two } = begun()
  await live(memory, { committed: null, to: 2_000, serving: one, second: two })
  memory.all(names.state, 0).length = 0
  await live(memory, { committed: 2_000, to: 3_000, serving: two, onMismatch: 'rebuild' })
  const range = memory.range.bind(memory)
  const cutAt = (first: number): void => {
    memory.range = async (topic, partition) => ({
      ...(await range(topic, partition)),
      ...(topic === 'payments' && { first }),
    })
  }
  const foldedFrom = (await lastLedger(memory, names.state, 0, stream.revision))?.beginning.foldedFrom ?? 0
  assert.ok(foldedFrom > 0 && foldedFrom < 2_000, `folded from ${foldedFrom}`)
  cutAt(foldedFrom)
  await agrees(memory, 1_000)
  cutAt(foldedFrom + 1)
  assert.match((await audited(memory)).faults.join('\n'), /the input begins at/)
})
