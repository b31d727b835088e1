// Codes are what their kinds ask for, on planted rows of two hidden causes.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fitScaler, scaled } from '../../../libs/detector/fit-scaler.ts'
import type { KindOptions, TrainingRows } from '../../../libs/detector/kinds/kind.ts'
import { sparse } from '../../../libs/detector/kinds/sparse.ts'
import { variational } from '../../../libs/detector/kinds/variational.ts'
import type { DenseLayer } from '../../../libs/detector/model.ts'
import { planted } from '../planted.ts'

const width = 12
const count = 500
const rows = planted(count, width, 1)
const training: TrainingRows = { rows: scaled(rows, count, fitScaler(rows, count, width, false)), count, width }
const groups = Int32Array.from({ length: width }, (_, j) => j)
const options: KindOptions = {
  seed: 2,
  steps: 1,
  groups,
  setting: 'balanced',
  loss: 'squared',
  backend: 'kernel',
  onProgress: () => {},
}

function applied({ weights, bias, activation }: DenseLayer, x: readonly number[]): number[] {
  return Array.from(bias, (offset, o) => {
    const sum = x.reduce((all, value, i) => all + value * weights[i * bias.length + o]!, offset)
    if (activation.kind === 'sigmoid') return 1 / (1 + Math.exp(-sum))
    return activation.kind === 'leaky-relu' && sum < 0 ? activation.alpha * sum : sum
  })
}

function coded(layers: readonly DenseLayer[]): number[][] {
  return Array.from({ length: count }, (_, i) => {
    let code = Array.from(training.rows.subarray(i * width, (i + 1) * width))
    for (const layer of layers) code = applied(layer, code)
    return code
  })
}

test('sparse: units are off most of the time, and hardly any is dead', async () => {
  const [member] = (await sparse.fit(training, options)).members
  assert.ok(member?.kind === 'dense')
  const codes = coded(member.layers.slice(0, 2))
  const units = codes[0]!.length
  const means = Array.from({ length: units }, (_, j) => codes.reduce((sum, code) => sum + code[j]! / count, 0))
  const on = means.reduce((sum, mean) => sum + mean / units, 0)
  const dead = means.filter((mean, j) => codes.every((code) => Math.abs(code[j]! - mean) < 0.01)).length
  assert.ok(on < 0.25 && dead <= units / 8, `${on} on, ${dead} of ${units} dead`)
})

test('variational: no unit falls silent where there are causes to tell, and clouds do not shrink to points', async () => {
  const [, member] = (await variational.fit(training, options)).members
  assert.ok(member?.kind === 'divergence')
  const hidden = member.layers.slice(0, member.code)
  const means = coded([...hidden, member.layers[member.code]!])
  const logVariances = coded([...hidden, member.spread])
  const divergences = means[0]!.map((_, j) => {
    const of = (i: number): number => Math.exp(logVariances[i]![j]!) + means[i]![j]! ** 2 - 1 - logVariances[i]![j]!
    return means.reduce((sum, _mean, i) => sum + of(i) / (2 * count), 0)
  })
  const telling = divergences.filter((divergence) => divergence > 0.1).length
  assert.ok(telling >= 2 && divergences.every((divergence) => divergence < 5), divergences.join(' '))
})
