// A stream of one feature that says already how unusual a record is: trained, and trained again beside what there was.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { load } from '../../../libs/detector/load.ts'
import { world } from './world.ts'

test('a row that is one novelty is taken as it is, from the first training to the next', async (t) => {
  const all = await world(t, { cards: 4 })
  await all.send(4_000)
  const spec = {
    ...all.spec,
    features: [{ kind: 'novelty', name: 'new', field: 'amount' }],
    detector: { ...all.spec.detector, kind: 'ensemble', alarms: { kind: 'rate', rate: 0.001 } },
  } as const
  const first = await all.train(null, { spec })
  const second = await all.train(first, { spec })
  for (const { artefact, gate } of [first, second]) {
    const detector = load(artefact, {})
    detector.input.set([6])
    const scores = new Float32Array(1)
    detector.score(1, scores)
    assert.equal(scores[0], 36)
    assert.ok(detector.threshold > 9 && detector.threshold < 100, `${detector.threshold}`)
    assert.equal(gate.verdict, 'promote', gate.reasons.join())
  }
})
