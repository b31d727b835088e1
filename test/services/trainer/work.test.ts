import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Failure } from '../../../libs/core/failure.ts'
import { workshop } from '../../../services/trainer/work.ts'
import { names, startMs, world } from './world.ts'

test('trains and looks for drift in a thread beside the owner of the log; stopping ends it', async (t) => {
  const all = await world(t)
  await all.send(6_000)
  const said: string[] = []
  const shop = workshop({
    bus: { kind: 'embedded', options: { dir: all.dir, mode: 'read' } },
    registryOf: () => null,
    onProgress: (stream, message) => said.push(`${stream}: ${message}`),
  })
  const { spec } = all
  const trained = await shop.work({ spec, topics: names, incumbent: null, seed: 3, nowMs: startMs, backend: 'kernel' })
  assert.equal(trained.version, (await all.train()).version, 'as in this thread')
  assert.ok(said.some((line) => line.startsWith('payments: training')))
  const champion = { version: trained.version, artefact: trained.artefact }
  await all.send(800, (payment) => ({ ...payment, amount: payment.amount + 4 }))
  const startedMs = performance.now()
  const watched = await shop.watch({ spec, topics: names, champion })
  t.diagnostic(`a look at 6,800 records in a thread of its own took ${Math.round(performance.now() - startedMs)} ms`)
  assert.ok(watched.kind === 'looked' && watched.drift.drifted[0] === 'amount', JSON.stringify(watched))
  const ended = assert.rejects(shop.watch({ spec, topics: names, champion }), (thrown) => {
    return thrown instanceof Failure && thrown.code === 'stopped'
  })
  await shop.stop()
  await ended
})
