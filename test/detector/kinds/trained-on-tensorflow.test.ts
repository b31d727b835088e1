// Dense kinds as a whole on TensorFlow: the same networks come out of it as out of the kernel, up to rounding.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fitScaler, scaled } from '../../../libs/detector/fit-scaler.ts'
import { contractive } from '../../../libs/detector/kinds/contractive.ts'
import { denoising } from '../../../libs/detector/kinds/denoising.ts'
import type { KindOptions, TrainingRows } from '../../../libs/detector/kinds/kind.ts'
import { sparse } from '../../../libs/detector/kinds/sparse.ts'
import { undercomplete } from '../../../libs/detector/kinds/undercomplete.ts'
import { variational } from '../../../libs/detector/kinds/variational.ts'
import { planted } from '../planted.ts'

const width = 6
const count = 64

for (const kind of [undercomplete, denoising, sparse, contractive, variational]) {
  test(`${kind.name}: trained on TensorFlow, its losses are those of the kernel to three digits`, async () => {
    const rows = planted(count, width, 1)
    const training: TrainingRows = { rows: scaled(rows, count, fitScaler(rows, count, width, false)), count, width }
    const options = (backend: KindOptions['backend']): KindOptions => {
      const groups = Int32Array.from({ length: width }, (_, j) => j)
      return { seed: 3, steps: 1, groups, setting: 'balanced', loss: 'squared', backend, onProgress: () => {} }
    }
    const ours = await kind.fit(training, options('kernel'))
    const oracle = await kind.fit(training, options('wasm'))
    assert.deepEqual([ours.backend, oracle.backend], ['kernel', 'wasm'])
    for (const [n, losses] of ours.losses.entries())
      losses.forEach((loss, i) => {
        const other = oracle.losses[n]![i]!
        assert.ok(Math.abs(loss / other - 1) < 1e-3, `network ${n}, part ${i}: ${loss} for ${other}`)
      })
    assert.deepEqual(
      ours.members.map((member) => member.kind),
      oracle.members.map((member) => member.kind),
    )
  })
}
