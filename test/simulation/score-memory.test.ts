// The real task on the modelled broker, its processes killed and its requests lost, with what it remembers of scores at work:
// a stream that drifts, shifts for good and returns, judged with an adaptive tail. Whatever happens on the way, the alerts,
// the changes of regime and the requests are those of a life without faults, and the audit agrees.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { alertIn } from '../../libs/alert/alert-message.ts'
import { eventOf, isChange } from '../../libs/alert/events.ts'
import { topicShapes, topics } from '../../libs/alert/topics.ts'
import type { Running } from '../../libs/bus/bus.ts'
import { SimulatedBus, type SimulatedWorld } from '../../libs/bus/simulated/simulated.ts'
import { Process } from '../../libs/bus/simulated/virtual-time.ts'
import { simulatedWorld } from '../../libs/bus/simulated/world.ts'
import { Random } from '../../libs/core/random.ts'
import { type PlainRecord, recordsOf } from '../../libs/core/records.ts'
import type { Detector } from '../../libs/detector/detector.ts'
import { decoderOf } from '../../libs/stream/decoder.ts'
import { fold } from '../../libs/stream/fold.ts'
import { parse } from '../../libs/stream/spec-parse.ts'
import { stream as compile } from '../../libs/stream/stream-compile.ts'
import { audit, type Committed } from '../../libs/task/audit.ts'
import { decodeLedger } from '../../libs/task/ledger.ts'
import { restore } from '../../libs/task/restore.ts'
import { StreamTask } from '../../libs/task/task.ts'
import { Memory } from '../task/judging.ts'
import { visible } from './checker.ts'

const FIRST = Number(process.env['SEED'] ?? 1)
const SEEDS = Number(process.env['SEEDS'] ?? 4)
const RECORDS = 20_000
const FAULTY_MS = 60_000
const END_MS = 400_000
const OWN = 4.6
const BUDGET = 0.01

const stream = compile(
  parse(
    `stream: meters
source: { topic: meters, format: json, key: { field: meter }, time: { field: at, unit: ms } }
features:
  - { name: value, field: value }
detector: { tail: adaptive }
alerts: { format: json }
`,
    'meters.yaml',
    () => '',
  ),
)
const names = topics('plumbline', 'meters')

/** A detector whose score is the value: the distribution of scores is the test's to choose. */
function plainDetector(): Detector {
  const rowsMax = 1024
  const input = new Float32Array(rowsMax)
  return {
    version: 'plain',
    revision: stream.revision,
    kind: 'plain',
    width: 1,
    threshold: OWN,
    factorMin: 1,
    factorOf: () => 1,
    hasFactors: false,
    tailShape: 0,
    rowsMax,
    input,
    score: (count, scores) => scores.set(input.subarray(0, count)),
    pValue: () => BUDGET,
    explain: () => ({ contributions: Float32Array.of(1), expected: Float32Array.of(1), imputed: new Uint8Array(1) }),
  }
}

/** Of scale 1, rising a little; five times as high for good from the 7,000th on; as before from the 15,000th on. */
function meters(seed: number): PlainRecord[] {
  const random = Random.derived(seed, 'meters')
  const text = new TextEncoder()
  return Array.from({ length: RECORDS }, (_, i) => {
    const scale = i < 7_000 ? 1 + i / 70_000 : i < 15_000 ? 5 : 1
    const meter = `m${random.integer(30)}`
    const value = JSON.stringify({ meter, at: i, value: random.exponential() * scale })
    return { key: text.encode(meter), value: text.encode(value), timestampMs: i }
  })
}

async function live(world: SimulatedWorld, process: Process, name: string): Promise<Running> {
  const bus = new SimulatedBus({ world, process, name, fetchRecordsMax: 400, wrap: (client) => client })
  return await bus.run({
    topic: 'meters',
    group: 'group',
    delivery: 'exactly-once',
    commitMsMin: 20,
    idleCommitMs: 200,
    bufferedBytesMax: 10_000_000,
    build: async ({ partition, committed }, reader) => {
      const state = fold(stream, decoderOf(stream), { buckets: 16 })
      const restored = await restore({
        stream,
        fold: state,
        source: reader,
        stateTopic: names.state,
        partition,
        committed,
        delivery: 'exactly-once',
        onMismatch: 'stop',
        resolve: async () => 'absent',
      })
      const inForce = { detector: plainDetector(), threshold: OWN }
      const task = new StreamTask({
        stream,
        fold: state,
        topics: names,
        partition,
        restored,
        inForce,
        scored: () => {},
      })
      return { task, position: restored.position }
    },
    resolve: async () => 'absent',
    on: () => undefined,
  })
}

/** Runs a history with faults; answers what is committed, as a log in memory, and how many lives it took. */
async function history(seed: number): Promise<{ memory: Memory; lives: number }> {
  const world = simulatedWorld(seed, 0, { requestLost: 0.02, replyLost: 0.03, delayed: 0.03 })
  const { broker, time } = world
  const random = Random.derived(seed, 'kills')
  const input = { topic: 'meters', partitions: 1, cleanup: 'delete', retentionMs: null } as const
  broker.create([input, ...topicShapes(names, 1)])
  const records = meters(seed)
  for (let from = 0; from < RECORDS; from += 200) {
    const messages = records.slice(from, from + 200).map(({ key, value, timestampMs }) => {
      return { topic: 'meters', partition: 0, key, value, headers: [], timestampMs }
    })
    time.after((FAULTY_MS * from) / RECORDS, () => broker.append('meters', 0, messages, null))
  }
  let lives = 0
  const start = (): void => {
    lives++
    const process = new Process(time)
    let over = false
    const end = (inMs: number): void => {
      if (over) return
      over = true
      process.kill()
      time.after(inMs, start)
    }
    process.after(0, () => {
      void live(world, process, `life ${lives}`).then((running) => running.ended.catch(() => end(1_000)))
    })
    const dieMs = 3_000 + random.uniform() * 12_000
    if (time.nowMs + dieMs < FAULTY_MS) time.after(dieMs, () => end(random.uniform() * 4_000))
  }
  start()
  const done = (): boolean => {
    const last = visible(broker.log(names.state, 0)).findLast(({ message }) => textOf(message?.key).endsWith('ledger'))
    return last?.message?.value != null && decodeLedger(last.message.value).nextOffset === RECORDS
  }
  await time.drive(() => false, FAULTY_MS)
  Object.assign(world.faults, { requestLost: 0, replyLost: 0, delayed: 0 })
  assert.ok(await time.drive(done, END_MS), `SEED=${seed}: it drains`)
  const memory = new Memory()
  for (const { topic } of [input, ...topicShapes(names, 1)]) {
    memory.commit(visible(broker.log(topic, 0)).flatMap(({ message }) => message ?? []))
  }
  return { memory, lives }
}

function textOf(bytes: Uint8Array | null | undefined): string {
  return new TextDecoder().decode(bytes ?? new Uint8Array(0))
}

/** The alerts, changes and requests of one life without faults, judged in one step. */
async function undisturbed(seed: number): Promise<Memory> {
  const memory = new Memory()
  memory.append('meters', 0, meters(seed))
  const state = fold(stream, decoderOf(stream), { buckets: 16 })
  const restored = await restore({
    stream,
    fold: state,
    source: memory,
    stateTopic: names.state,
    partition: 0,
    committed: null,
    delivery: 'exactly-once',
    onMismatch: 'stop',
    resolve: async () => 'absent',
  })
  const inForce = { detector: plainDetector(), threshold: OWN }
  const task = new StreamTask({ stream, fold: state, topics: names, partition: 0, restored, inForce, scored: () => {} })
  memory.commit(task.step(recordsOf(memory.all('meters', 0)), 0).outputs)
  return memory
}

for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
  test(`killed and restored, it remembers the same: seed ${seed}`, async (t) => {
    const { memory, lives } = await history(seed)
    const whole = await undisturbed(seed)
    t.diagnostic(`${lives} lives, ${memory.all(names.alerts, 0).length} alerts`)
    assert.ok(lives > 3, `${lives} lives`)
    const texts = (log: Memory, topic: string): string[] => log.all(topic, 0).map(({ value }) => textOf(value))
    assert.deepEqual(texts(memory, names.alerts), texts(whole, names.alerts))
    assert.deepEqual(texts(memory, names.control), texts(whole, names.control))
    const events = memory.all(names.events, 0).flatMap(({ value }) => eventOf(value) ?? [])
    const changes = events.filter(isChange)
    assert.deepEqual(
      changes.map(({ kind }) => kind),
      ['regime-changed', 'regime-returned'],
    )
    assert.equal(texts(memory, names.control).length, 1, 'one training was asked for')
    const alerts = memory.all(names.alerts, 0).map(({ value, headers }) => alertIn(value, headers ?? []))
    assert.ok(new Set(alerts.map(({ threshold }) => threshold)).size > 8, 'the threshold moved')
    const committed = new Map<string, Committed>()
    for (const [i, { id, offset }] of alerts.entries()) {
      const value = memory.all(names.alerts, 0)[i]?.value ?? new Uint8Array(0)
      committed.set(id, { offset, value, seen: (committed.get(id)?.seen ?? 0) + 1 })
    }
    const last = memory.all(names.state, 0).findLast(({ key }) => textOf(key).endsWith('ledger'))
    const about = {
      stream,
      source: memory,
      topics: names,
      partition: 0,
      ledger: decodeLedger(last?.value ?? new Uint8Array(0)),
      switches: events.flatMap((event) => (event.kind === 'detector-switched' ? [event] : [])),
      detector: plainDetector,
      alerts: committed,
      resolve: async () => 'absent' as const,
    }
    assert.deepEqual(await audit({ ...about, changes }), [])
    assert.match((await audit({ ...about, changes: changes.slice(1) })).join(), /regime-changed at \d+: expected/)
    assert.match((await audit({ ...about, changes: [...changes, ...changes] })).join(), /not expected/)
  })
}
