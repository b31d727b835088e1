import assert from 'node:assert/strict'
import { test } from 'node:test'
import { feedbackKey } from '../../../libs/alert/feedback.ts'
import { parseArtefact } from '../../../libs/detector/artefact.ts'
import { canaries, isMade } from '../../../libs/detector/canaries.ts'
import { load } from '../../../libs/detector/load.ts'
import type { Trained } from '../../../services/trainer/train.ts'
import { frauds, names, startMs, stepMs, world } from './world.ts'

/** Score over threshold of one payment. */
function loudness(trained: Trained, amount: number, speed: number): number {
  const running = load(trained.artefact, {})
  const scores = new Float32Array(1)
  running.input.set([amount, speed])
  running.score(1, scores)
  return (scores[0] ?? 0) / running.threshold
}

interface Manifest {
  readonly dropped: Readonly<Record<string, number>>
  readonly readmitted: number
  readonly labels: { readonly read: number; readonly faulty: number; readonly faults: readonly string[] }
}

function manifestOf(trained: Trained): Manifest {
  const { manifest } = parseArtefact(trained.artefact)
  assert.ok(typeof manifest === 'object' && manifest !== null && 'dropped' in manifest)
  return manifest as never as Manifest
}

test('a fraud that people called so is not learnt from, nor what is near it in time on the same card', async (t) => {
  const all = await world(t)
  await all.send(4_000, frauds(20))
  const learnt = await all.train()
  await all.label(
    'anomaly',
    Array.from({ length: 200 }, (_, i) => i * 20 + 19),
  )
  const spared = await all.train()
  const { dropped, labels } = manifestOf(spared)
  assert.deepEqual(labels, { read: 200, faulty: 0, faults: [] })
  assert.equal(dropped['called-anomalous'], 200)
  assert.ok((dropped['near-called-anomalous'] ?? 0) > 0, JSON.stringify(dropped))
  const [before, after] = [loudness(learnt, 17, 2), loudness(spared, 17, 2)]
  assert.ok(before < 1 && after > 2, `${before} ${after}`)
})

test('labels by source.id count as those by position do, and the last word counts', async (t) => {
  const all = await world(t)
  await all.send(1_000)
  const text = new TextEncoder()
  const said = (id: string, verdict: string) => ({
    topic: names.feedback,
    partition: null,
    key: text.encode(feedbackKey('payments', { kind: 'id', id })),
    value: text.encode(JSON.stringify({ verdict, id, by: 'test', at: startMs })),
    headers: [],
    timestampMs: startMs,
  })
  await all.bus.publish([said('tx7', 'anomaly'), said('tx8', 'anomaly'), said('tx8', 'expected')])
  await all.bus.publish([{ ...said('tx9', 'anomaly'), value: text.encode('the word "anomaly"') }])
  const trained = await all.train()
  assert.equal(manifestOf(trained).dropped['called-anomalous'], 1)
  assert.deepEqual(manifestOf(trained).labels, { read: 2, faulty: 1, faults: ['0/3: it is not JSON'] })
  assert.deepEqual(trained.labels, { read: 2, faulty: 1, faults: ['0/3: it is not JSON'] })
})

test('in windows every row that contains the record goes', async (t) => {
  const all = await world(t, { cards: 2, window: 5 })
  await all.send(1_500)
  await all.label('anomaly', [700])
  assert.equal(manifestOf(await all.train()).dropped['called-anomalous'], 5)
})

test('what the incumbent alarms on goes, unless people called it normal or a new trend', async (t) => {
  const all = await world(t)
  await all.send(3_000)
  const incumbent = await all.train()
  await all.send(1_000, frauds(25))
  const plain = manifestOf(await all.train(incumbent))
  assert.ok((plain.dropped['alarmed-by-incumbent'] ?? 0) >= 38, JSON.stringify(plain))
  assert.equal(plain.readmitted, 0)
  const offsets = Array.from({ length: 40 }, (_, i) => 3_000 + i * 25 + 24)
  await all.label('expected', offsets.slice(0, 20))
  await all.label('new-trend', offsets.slice(20))
  const told = manifestOf(await all.train(incumbent))
  // A few normal rows are as loud by chance; those are not spoken for.
  const { 'alarmed-by-incumbent': left = 0 } = told.dropped
  assert.ok(told.readmitted >= 40 && left < 10, JSON.stringify(told))
  assert.equal(told.readmitted + left, plain.dropped['alarmed-by-incumbent'])
})

test('a change for good is learnt: from a time on, where alarms say so, and where most rows alarm', async (t) => {
  const all = await world(t)
  await all.send(3_000)
  const incumbent = await all.train()
  await all.send(1_000, (payment) => ({ ...payment, amount: payment.amount + 12 }))
  const blind = manifestOf(await all.train(incumbent))
  assert.ok((blind.dropped['alarmed-by-incumbent'] ?? 0) > 900)
  for (const trend of ['find', startMs + 3_000 * stepMs] as const) {
    const seeing = await all.train(incumbent, { trend })
    assert.ok((manifestOf(seeing).dropped['alarmed-by-incumbent'] ?? 0) < 10, `${trend}`)
    assert.ok(loudness(seeing, 22, 5) < loudness(incumbent, 22, 5) / 2)
  }
  await all.send(4_000, (payment) => ({ ...payment, amount: payment.amount + 12 }))
  assert.equal(manifestOf(await all.train(incumbent)).dropped['alarmed-by-incumbent'], undefined)
})

test('rows younger than the delay of feedback are left out', async (t) => {
  const all = await world(t, { training: ', feedbackDelay: 500m' })
  await all.send(2_000)
  assert.equal(manifestOf(await all.train()).dropped['within-feedback-delay'], 500)
})

test('a busy card gives no more than its share', async (t) => {
  const all = await world(t)
  await all.send(4_000, (payment, i) => (i % 2 === 0 ? { ...payment, card: 'busy' } : payment))
  const trained = await all.train()
  const dropped = manifestOf(trained).dropped['over-key-cap'] ?? 0
  // 3,400 rows are learnt from, 1,700 of one of 81 cards: 10/81 of what stays are its own.
  assert.ok(Math.abs(1_700 - dropped - (10 / 81) * (3_400 - dropped)) < 30, `${dropped}`)
})

test('confirmed and made canaries travel from version to version; one that is lost refuses, and says so', async (t) => {
  const all = await world(t)
  await all.send(3_000, frauds(100))
  await all.label(
    'anomaly',
    Array.from({ length: 30 }, (_, i) => i * 100 + 99),
  )
  const first = await all.train()
  assert.equal(first.gate.verdict, 'promote', first.gate.reasons.join('; '))
  const kept = parseArtefact(first.artefact).canaries
  assert.ok(kept !== undefined)
  assert.equal(kept.origins.filter((origin) => !isMade(origin)).length, 30)
  assert.ok(kept.origins.some(isMade))
  // Labels are known by their records: those that are gone are no canaries any more.
  await all.label('not-anomaly', [99])
  const second = await all.train(first)
  assert.equal(second.gate.verdict, 'promote', second.gate.reasons.join('; '))
  const inherited = parseArtefact(second.artefact).canaries
  assert.deepEqual(
    inherited?.origins,
    kept.origins.filter((origin) => origin !== '0/99'),
  )
  // Frauds everywhere, none of them called so, and the incumbent not heard: they become normal, and a canary is lost.
  await all.send(4_000, frauds(4))
  const third = await all.train(second, { trend: startMs })
  assert.equal(third.gate.verdict, 'refuse')
  assert.ok(
    third.gate.reasons.some((reason) => /^canary: \d+ of \d+ canaries are found no more/.test(reason)),
    third.gate.reasons.join('; '),
  )
})

test('canaries are bounded, confirmed before made', async (t) => {
  const all = await world(t)
  await all.send(2_000)
  const trained = await all.train()
  const detector = load(trained.artefact, {})
  const confirmed = {
    rows: Float32Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? 40 + i : -40)),
    origins: Array.from({ length: 100 }, (_, i) => `0/${i}`),
  }
  const rows = Float32Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? 10 : 5))
  const made = { rows, count: 100, groups: Int32Array.from([0, 1]), seed: 1 }
  const chosen = canaries({ detector, inherited: null, confirmed, made })
  assert.equal(chosen.origins.length, 64)
  assert.ok(!chosen.origins.some(isMade))
  assert.equal(chosen.rows.length, 128)
})
