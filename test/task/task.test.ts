import assert from 'node:assert/strict'
import test from 'node:test'
import { alertIn } from '../../libs/alert/alert-message.ts'
import { eventOf, isChange } from '../../libs/alert/events.ts'
import type { Message } from '../../libs/core/message.ts'
import { recordsOf } from '../../libs/core/records.ts'
import { ANOMALOUS, kindOf, LATE, LEARNING, NORMAL, REJECTED } from '../../libs/core/verdict.ts'
import { parse } from '../../libs/stream/spec-parse.ts'
import { stream as compile } from '../../libs/stream/stream-compile.ts'
import { audit, type Committed, type Switch } from '../../libs/task/audit.ts'
import { decodeLedger } from '../../libs/task/ledger.ts'
import { confluentFramed } from '../codec/framed.ts'
import { inForce, Memory, names, payments, restoredTask, run, stream, sum } from './judging.ts'

const seed = Number(process.env['SEED'] ?? 7)

test('every record gets one outcome: counts sum to the records, alerts and rejects are published', async () => {
  const memory = new Memory()
  memory.append('payments', 0, payments(5_000, seed))
  const { task } = await restoredTask(memory, null, inForce(1))
  const step = task.step(recordsOf(memory.all('payments', 0)), 0)
  assert.equal(step.nextOffset, 5_000)
  assert.equal(sum(task.counts), 5_000)
  const rejected = task.counts.subarray(REJECTED).reduce((total, count) => total + count, 0)
  const of = (topic: string): Message[] => step.outputs.filter((message) => message.topic === topic)
  assert.equal(of(names.alerts).length, task.counts[ANOMALOUS])
  assert.equal(of(names.rejects).length, rejected)
  for (const outcome of [NORMAL, ANOMALOUS, LATE]) {
    assert.ok((task.counts[outcome] ?? 0) > 0, `some records are ${kindOf(outcome)}`)
  }
  assert.ok(rejected > 50, `${rejected} rejects`)
  for (const message of of(names.alerts)) {
    const alert = alertIn(message.value, message.headers)
    assert.ok(alert.score > alert.threshold)
    assert.equal(alert.detector, 'v1')
  }
})

test('without a detector complete rows are learning and nothing alarms', async () => {
  const memory = new Memory()
  memory.append('payments', 0, payments(500, seed))
  const { task } = await restoredTask(memory, null, null)
  const { outputs } = task.step(recordsOf(memory.all('payments', 0)), 0)
  assert.equal(task.counts[NORMAL], 0)
  assert.ok((task.counts[LEARNING] ?? 0) > 400)
  assert.equal(outputs.filter((message) => message.topic === names.alerts).length, 0)
})

test('a reject says which schema its record names, where records name one', async () => {
  const registered = compile(
    parse(
      `stream: payments
source:
  topic: payments
  format: avro
  schema: { registry: 'http://localhost' }
  key: { field: card }
  time: { field: at, unit: ms }
features:
  - { name: amount, field: amount }
`,
      'payments.yaml',
      () => '',
    ),
  )
  const memory = new Memory()
  const { task } = await restoredTask(memory, null, null, 'stop', registered)
  const records = recordsOf([
    { key: null, value: confluentFramed(258, Uint8Array.of(1)), timestampMs: 0 },
    { key: null, value: Uint8Array.of(1, 2, 3, 4, 5, 6), timestampMs: 0 },
    { key: null, value: null, timestampMs: 0 },
  ])
  const { need } = task.step(records, 0)
  assert.deepEqual(need, { kind: 'schema', id: 258 })
  task.supply({ kind: 'schema', id: 258 }, 'absent')
  const rejects = task.step(records, 0).outputs.filter(({ topic }) => topic === names.rejects)
  const ids = rejects.map(({ headers }) => headers.find(([name]) => name === 'plumbline-schema-id')?.[1] ?? null)
  assert.deepEqual(
    ids.map((id) => (id === null ? null : new TextDecoder().decode(id))),
    ['258', null, null],
  )
})

test('a detector offered within a transaction waits for the next one', async () => {
  const memory = new Memory()
  memory.append('payments', 0, payments(3_000, seed))
  const records = memory.all('payments', 0)
  const { task } = await restoredTask(memory, null, inForce(1))
  const versions = (messages: readonly Message[]): Set<string> =>
    new Set(
      messages
        .filter((message) => message.topic === names.alerts)
        .map((message) => alertIn(message.value, message.headers).detector),
    )
  const first = task.step(recordsOf(records.slice(0, 1_000)), 0)
  task.offer(inForce(2))
  const second = task.step(recordsOf(records.slice(1_000, 2_000)), 0)
  assert.deepEqual(versions([...first.outputs, ...second.outputs]), new Set(['v1']))
  task.checkpoint()
  const third = task.step(recordsOf(records.slice(2_000)), 0)
  assert.deepEqual(versions(third.outputs), new Set(['v2']))
  const switched = third.outputs.find((message) => message.topic === names.events)
  assert.match(new TextDecoder().decode(switched?.value ?? new Uint8Array(0)), /"offset":2000,"version":"v2"/)
})

async function faultsOf(memory: Memory): Promise<string[]> {
  const events = memory.all(names.events, 0).flatMap(({ value }) => eventOf(value) ?? [])
  const switches: Switch[] = events.flatMap((event) => (event.kind === 'detector-switched' ? [event] : []))
  const committed = new Map<string, Committed>()
  for (const { value, headers } of memory.all(names.alerts, 0)) {
    const { id, offset } = alertIn(value, headers ?? [])
    committed.set(id, { offset, value: value ?? new Uint8Array(0), seen: (committed.get(id)?.seen ?? 0) + 1 })
  }
  return audit({
    stream,
    source: memory,
    topics: names,
    partition: 0,
    ledger: decodeLedger(memory.all(names.state, 0).at(-1)?.value ?? new Uint8Array(0)),
    switches,
    detector: (version) => inForce(version === 'v1' ? 1 : 2).detector,
    alerts: committed,
    changes: events.filter(isChange),
    resolve: async () => 'absent',
  })
}

test('crashes lose nothing, repeat nothing and change no verdict; the audit agrees', async () => {
  const { memory, restores } = await run(0.3, seed)
  assert.ok(restores > 5, `${restores} restores`)
  assert.ok(memory.all(names.alerts, 0).length > 100)
  assert.ok(
    memory
      .all(names.state, 0)
      .some(({ key }) => !new TextDecoder().decode(key ?? new Uint8Array(0)).endsWith('ledger')),
  )
  assert.deepEqual(await faultsOf(memory), [])
})

test('the audit finds an alert that is lost, repeated, changed or invented, and a ledger that counts wrong', async () => {
  const { memory } = await run(0, seed)
  const alerts = memory.all(names.alerts, 0)
  const lost = alerts.pop()
  assert.ok((await faultsOf(memory)).some((fault) => fault.includes('lost')))
  if (lost !== undefined) alerts.push(lost, lost)
  assert.ok((await faultsOf(memory)).some((fault) => fault.includes('duplicate')))
  alerts.pop()
  assert.deepEqual(await faultsOf(memory), [])
  memory.all('payments', 0).splice(100, 1, { ...payments(1, seed + 1)[0]!, offset: 100 })
  assert.ok((await faultsOf(memory)).some((fault) => fault.startsWith('chain') || fault.startsWith('alert')))
})

test('the same detector offered again, as another object and after another that never judged, goes on as it was', async () => {
  const memory = new Memory()
  memory.append('payments', 0, payments(3_000, seed))
  const records = memory.all('payments', 0)
  const alertsOf = async (again: boolean): Promise<string[]> => {
    const { task } = await restoredTask(memory, null, inForce(1))
    const first = task.step(recordsOf(records.slice(0, 1_500)), 0)
    task.checkpoint()
    if (again) for (const which of [2, 1] as const) task.offer(inForce(which))
    const second = task.step(recordsOf(records.slice(1_500)), 0)
    return [...first.outputs, ...second.outputs].flatMap(({ topic, value, headers }) =>
      topic === names.alerts ? `${alertIn(value, headers).id} ${alertIn(value, headers).detector}` : [],
    )
  }
  const alerts = await alertsOf(false)
  assert.ok(alerts.length > 20)
  assert.deepEqual(await alertsOf(true), alerts)
})

test('what a life found in force and never heard leaves no trace', async () => {
  const memory = new Memory()
  memory.append('payments', 0, payments(3_000, seed))
  const records = memory.all('payments', 0)
  const { task: one } = await restoredTask(memory, null, inForce(1))
  const { outputs } = one.step(recordsOf(records.slice(0, 1_500)), 0)
  memory.commit([...outputs, ...one.checkpoint()])
  const { task: idle } = await restoredTask(memory, 1_500, inForce(2))
  const ledgerOf = (messages: readonly Message[]) => decodeLedger(messages.at(-1)?.value ?? new Uint8Array(0))
  assert.equal(ledgerOf(idle.checkpoint()).detector?.version, 'v1')
  idle.offer(inForce(1))
  const { outputs: rest } = idle.step(recordsOf(records.slice(1_500)), 0)
  assert.ok(rest.some(({ topic }) => topic === names.alerts))
  assert.equal(
    rest.some(({ topic }) => topic === names.events),
    false,
  )
})
