import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Failure } from '../../../libs/core/failure.ts'
import { readPublications } from '../../../services/trainer/promote.ts'
import { eventsOf, service } from './running.ts'
import { names, startMs, type World, world } from './world.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs

async function championOf({ bus }: World): Promise<string> {
  return (await readPublications(bus, names.detectors)).pointer('payments')?.version ?? ''
}

async function ask({ bus }: World, value: unknown): Promise<void> {
  const text = new TextEncoder()
  const message = { topic: names.control, partition: null, headers: [], timestampMs: startMs }
  await bus.publish([{ ...message, key: text.encode('payments'), value: text.encode(JSON.stringify(value)) }])
}

test('a first detector as soon as there are rows; what was learnt, left out and said is one event', async (t) => {
  const all = await world(t)
  const { pass, requests } = await service(t, all)
  await pass(500)
  assert.equal(requests.length, 0)
  await all.send(2_000)
  await all.label('anomaly', [100])
  const key = new TextEncoder().encode('payments/payments/0/101')
  const message = { topic: names.feedback, partition: null, key, headers: [], timestampMs: startMs }
  await all.bus.publish([{ ...message, value: new TextEncoder().encode('{"verdict":"anomaly"}') }])
  await pass(500)
  assert.equal(requests.length, 1)
  const [event, ...more] = await eventsOf(all, 'trained')
  assert.ok(event !== undefined && more.length === 0)
  assert.equal(event.version, await championOf(all))
  assert.equal(event.because, 'schedule')
  assert.equal(event.dropped['called-anomalous'], 1)
  assert.equal(event.labels.read, 1)
  assert.equal(event.labels.faulty, 1)
  assert.match(event.labels.faults[0] ?? '', /^0\/1: either position or id says which record/)
  await pass(hourMs)
  assert.equal(requests.length, 1, 'the next run is a day away')
})

test('asked twice is asked once; for a detector that is replaced already, not at all', async (t) => {
  const all = await world(t)
  await all.send(2_000)
  const { pass, requests } = await service(t, all)
  await pass(500)
  const first = await championOf(all)
  for (let i = 0; i < 3; i++)
    await ask(all, { kind: 'train', stream: 'payments', because: 'regime-changed', version: first })
  await ask(all, { kind: 'train', stream: 'payments' })
  while (requests.length < 2) await pass(500)
  await pass(500)
  assert.equal(requests.length, 2)
  assert.equal(requests[1]?.trend, 'find')
  assert.deepEqual(
    (await eventsOf(all, 'trained')).map(({ because }) => because),
    ['schedule', 'regime-changed'],
  )
  const second = await championOf(all)
  assert.notEqual(second, first)
  await ask(all, { kind: 'train', stream: 'payments', because: 'regime-changed', version: first })
  await ask(all, { kind: 'train', stream: 'payments', because: 'regime-changed', version: second })
  while (requests.length < 3) await pass(500)
  await pass(500)
  assert.equal(requests.length, 3)
})

test('a training that fails is an event, backs off, and is tried again for the same reason', async (t) => {
  const all = await world(t)
  await all.send(2_000)
  let fails = false
  const { pass, requests } = await service(t, all, () => {
    if (fails) throw new Failure('training-failed', 'planted')
  })
  await pass(500)
  const first = await championOf(all)
  fails = true
  await ask(all, { kind: 'train', stream: 'payments', because: 'regime-changed', version: first })
  while (requests.length < 2) await pass(500)
  const [failed] = await eventsOf(all, 'train-failed')
  assert.deepEqual([failed?.code, failed?.reason], ['training-failed', 'planted'])
  await pass(4_000)
  assert.equal(requests.length, 2, 'it waits')
  fails = false
  await pass(2_000)
  assert.equal(requests.length, 3)
  assert.equal(requests[2]?.trend, 'find')
})

test('drift is one event that names the feature, in the metrics, and trains at once', async (t) => {
  const all = await world(t)
  await all.send(6_000)
  const { pass, requests, metrics } = await service(t, all)
  await pass(500)
  const first = await championOf(all)
  await all.send(600)
  await pass(4 * hourMs)
  assert.deepEqual(await eventsOf(all, 'drifted'), [])
  assert.match(await metrics.text(), /plumbline_drift_ratio\{stream="payments"\} 0\.\d/)
  await all.send(800, (payment) => ({ ...payment, speed: payment.speed + 2 }))
  await pass(4 * hourMs)
  const [drifted, ...more] = await eventsOf(all, 'drifted')
  assert.ok(drifted !== undefined && more.length === 0)
  assert.deepEqual([drifted.version, drifted.features], [first, ['speed']])
  assert.ok(drifted.ratio > 1 && drifted.sinceMs >= startMs)
  assert.equal(requests.length, 2)
  assert.equal(requests[1]?.trend, drifted.sinceMs)
  const text = await metrics.text()
  const speed = Number(/plumbline_feature_drift\{stream="payments",feature="speed"\} (\S+)/.exec(text)?.[1])
  const amount = Number(/plumbline_feature_drift\{stream="payments",feature="amount"\} (\S+)/.exec(text)?.[1])
  assert.ok(speed > 0.5 && amount < 0.2, `${speed} ${amount}`)
  assert.match(text, /plumbline_score_drift\{stream="payments"\} 0\.\d/)
})

test('drift that goes on is no second event, nor after a restart', async (t) => {
  const all = await world(t)
  await all.send(6_000)
  const refusing = (): void => {
    throw new Failure('training-failed', 'planted')
  }
  const { pass, stop } = await service(t, all)
  await pass(500)
  await stop()
  await all.send(800, (payment) => ({ ...payment, speed: payment.speed + 2 }))
  for (let start = 0; start < 2; start++) {
    const again = await service(t, all, refusing)
    for (let look = 0; look < 3; look++) await again.pass(4 * hourMs)
    await again.stop()
  }
  assert.equal((await eventsOf(all, 'drifted')).length, 1)
})

test('drift that begins anew after a calm look is told again, also by a trainer that started in between', async (t) => {
  const all = await world(t)
  await all.send(6_000)
  let refuses = false
  const perhaps = (): void => {
    if (refuses) throw new Failure('training-failed', 'planted')
  }
  const one = await service(t, all, perhaps)
  await one.pass(500)
  refuses = true
  const faster = (payment: Parameters<Parameters<typeof all.send>[1] & object>[0]) => ({
    ...payment,
    speed: payment.speed + 2,
  })
  await all.send(800, faster)
  await one.pass(4 * hourMs)
  await one.stop()
  assert.equal((await eventsOf(all, 'drifted')).length, 1)
  await all.send(6_000)
  const two = await service(t, all, perhaps)
  await two.pass(4 * hourMs)
  await all.send(800, faster)
  await two.pass(4 * hourMs)
  await two.pass(4 * hourMs)
  assert.equal((await eventsOf(all, 'drifted')).length, 2)
})

test('counts of trainings begin at zero, so that the first of each is an increase', async (t) => {
  const { metrics } = await service(t, await world(t))
  const text = await metrics.text()
  for (const labels of [
    'result="promoted",gate="none"',
    'result="failed",gate="none"',
    'result="refused",gate="canary"',
  ])
    assert.ok(text.includes(`plumbline_train_runs_total{stream="payments",${labels}} 0`), text)
})
