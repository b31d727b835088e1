import assert from 'node:assert/strict'
import test from 'node:test'
import { Failure } from '../../libs/core/failure.ts'
import type { Message } from '../../libs/core/message.ts'
import { recordsOf } from '../../libs/core/records.ts'
import { ANOMALOUS } from '../../libs/core/verdict.ts'
import { inForce, Memory, names, payments, restoredTask, run, sum } from './judging.ts'

const seed = Number(process.env['SEED'] ?? 7)

test('a ledger that disagrees with the committed offset stops, and says which flag resets', async () => {
  const { memory } = await run(0, seed)
  await assert.rejects(
    restoredTask(memory, 19_999, null),
    (thrown) => thrown instanceof Failure && thrown.code === 'state-mismatch' && /--reset-state/.test(thrown.message),
  )
  const { restored } = await restoredTask(memory, null, null)
  assert.equal(restored.position, 20_000, 'an expired group offset leaves the ledger to count')
})

test('told to rebuild, it judges from the group offset with the state of the history before it', async () => {
  const { memory } = await run(0, seed)
  const moved = 15_000
  const { task, restored } = await restoredTask(memory, moved, inForce(1), 'rebuild')
  assert.equal(restored.position, moved)
  assert.equal(restored.ledger, null)
  assert.ok(restored.replayed > 0, 'history was folded')
  // The same records, judged by a task that never stopped, give the same alerts.
  const { task: steady } = await restoredTask(memory, null, inForce(1), 'rebuild')
  assert.equal(steady.nextOffset, 20_000, 'state that agrees is kept')
  const fresh = new Memory()
  fresh.append('payments', 0, payments(20_000, seed))
  const records = fresh.all('payments', 0)
  const { task: whole } = await restoredTask(fresh, null, inForce(1))
  whole.step(recordsOf(records.slice(0, moved)), 0)
  const bytes = (messages: readonly Message[]): string[] =>
    messages
      .filter(({ topic }) => topic === names.alerts)
      .map(({ value }) => Buffer.from(value ?? new Uint8Array(0)).toString('hex'))
  const rest = records.slice(moved)
  const expected = bytes(whole.step(recordsOf(rest), 0).outputs)
  assert.ok(expected.length > 20, `${expected.length} alerts`)
  assert.deepEqual(bytes(task.step(recordsOf(rest), 0).outputs), expected)
})

test('told to rebuild, a state topic that lacks buckets or holds no whole ledger is left behind', async () => {
  const { memory } = await run(0, seed)
  const state = memory.all(names.state, 0)
  const isLedger = (key: Uint8Array | null): boolean =>
    new TextDecoder().decode(key ?? new Uint8Array(0)).endsWith('ledger')
  const ledgers = state.filter(({ key }) => isLedger(key))
  state.length = 0
  memory.append(names.state, 0, ledgers)
  await assert.rejects(restoredTask(memory, 20_000, null), /lacks buckets .* --reset-state/)
  assert.equal((await restoredTask(memory, 20_000, null, 'rebuild')).restored.position, 20_000)
  const last = ledgers.at(-1)
  assert.ok(last)
  memory.append(names.state, 0, [{ ...last, value: new TextEncoder().encode('{"format":') }])
  await assert.rejects(restoredTask(memory, 20_000, null), /--reset-state/)
  const { restored } = await restoredTask(memory, 20_000, null, 'rebuild')
  assert.equal(restored.position, 20_000)
})

test('told to rebuild, a bucket that cannot be used is left behind with those before it', async () => {
  const { memory } = await run(0, seed)
  const state = memory.all(names.state, 0)
  const buckets = state.filter(({ key }) => !new TextDecoder().decode(key ?? new Uint8Array(0)).endsWith('ledger'))
  const { key } = buckets.at(-1) ?? assert.fail('no bucket was written')
  const ledger = state.at(-1)
  assert.ok(ledger)
  memory.append(names.state, 0, [{ key, value: Uint8Array.of(1, 2, 3), timestampMs: 0 }, ledger])
  await assert.rejects(
    restoredTask(memory, 20_000, null),
    (thrown) => thrown instanceof Failure && thrown.code === 'state-mismatch',
  )
  const { task, restored } = await restoredTask(memory, 20_000, inForce(1), 'rebuild')
  assert.equal(restored.position, 20_000)
  // As a life that never saw the damaged one has it.
  const whole = new Memory()
  whole.append('payments', 0, memory.all('payments', 0))
  const { task: other } = await restoredTask(whole, 20_000, inForce(1))
  const more = recordsOf(payments(300, seed + 1, 1_700_050_000_000).map((each, i) => ({ ...each, offset: 20_000 + i })))
  task.step(more, 0)
  other.step(more, 0)
  assert.ok(sum(task.counts) === 300 && (task.counts[ANOMALOUS] ?? 0) > 0)
  assert.deepEqual([task.counts, task.chain], [other.counts, other.chain])
})

test('lives shorter than a round write all buckets in turn, so that what a restore replays is bounded', async () => {
  const memory = new Memory()
  memory.append('payments', 0, payments(40_000, seed))
  const records = memory.all('payments', 0)
  let replayed = 0
  for (let from = 0; from < records.length; from += 2_000) {
    const { task, restored } = await restoredTask(memory, from === 0 ? null : from, inForce(1))
    replayed = restored.replayed
    for (let at = from; at < from + 2_000; at += 500) {
      const { outputs } = task.step(recordsOf(records.slice(at, at + 500)), 0)
      memory.commit([...outputs, ...task.checkpoint()])
    }
  }
  assert.ok(replayed < 25_000, `the last life folded ${replayed} of 38,000 records again`)
})
