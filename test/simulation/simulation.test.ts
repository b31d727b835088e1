// Seeded histories of the real loop and the real commit scheme on a model of Kafka. SEED and SEEDS choose which and how many.
// Each planted bug must be found: a simulator that finds nothing proves nothing.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Violation } from './checker.ts'
import { type HistoryOptions, history } from './history.ts'
import { connectForFence, noFence, noNewEpoch, offsetBeforeFence, offsetBeforeOutput } from './planted.ts'

const FIRST = Number(process.env['SEED'] ?? 1)
const SEEDS = Number(process.env['SEEDS'] ?? 1000)
/** How many histories a planted bug may take to show. */
const HUNT_MAX = 400

test(`no violation in ${SEEDS} histories from seed ${FIRST}`, async () => {
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    assert.deepEqual(await history(seed), [], `SEED=${seed} SEEDS=1`)
  }
})

const planted: readonly (readonly [string, HistoryOptions, readonly Violation[]])[] = [
  ['connecting is taken for a fence', { wrap: () => connectForFence }, ['duplicate', 'inconsistent-offsets']],
  ['nothing is fenced', { wrap: noFence }, ['duplicate', 'inconsistent-offsets']],
  ['the offset is read before the fence', { wrap: () => offsetBeforeFence }, ['duplicate', 'inconsistent-offsets']],
  ['the offset is committed before the outputs', { wrap: () => offsetBeforeOutput }, ['offset-ahead']],
  ['no new epoch after a commit of unknown outcome', { wrap: () => noNewEpoch }, ['duplicate', 'inconsistent-offsets']],
  ['an alert has a random id', { flaw: 'random-id' }, ['unstable-id']],
  ['the detector is read for each record', { flaw: 'model-per-record' }, ['mixed-model-batch']],
  ['a poison record throws', { flaw: 'poison-throws' }, ['stuck-partition']],
]

for (const [bug, options, expected] of planted) {
  test(`planted: ${bug}`, async (t) => {
    for (let seed = FIRST; seed < FIRST + HUNT_MAX; seed++) {
      const found = await history(seed, options)
      if (!found.some((violation) => expected.includes(violation))) continue
      t.diagnostic(`found by seed ${seed}: ${found.join(', ')}`)
      return
    }
    assert.fail(`not found in ${HUNT_MAX} histories`)
  })
}
