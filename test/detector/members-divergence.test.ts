// The divergence of clouds of codes as a member: its definition in float64, both kernels, the artefact, explanations.

import assert from 'node:assert/strict'
import test from 'node:test'
import { Random } from '../../libs/core/random.ts'
import { artefact, parseArtefact } from '../../libs/detector/artefact.ts'
import { engine } from '../../libs/detector/engine.ts'
import { scaled } from '../../libs/detector/fit-scaler.ts'
import { twinKernel, wasmKernel } from '../../libs/detector/kernel/kernel.ts'
import { detector } from '../../libs/detector/load.ts'
import type { DenseLayer, DivergenceMember, Model } from '../../libs/detector/model.ts'
import { scoresOf } from '../../libs/detector/scores.ts'
import { sampleModel, sampleRows } from './sample-model.ts'

const width = 7

/** A code behind so many hidden layers. */
function cloudy(widths: readonly number[], code: number): { model: Model; member: DivergenceMember } {
  const base = sampleModel({ widths, activation: { kind: 'tanh' }, scoring: 'mahalanobis', members: 1, seed: 4 })
  const [dense] = base.members
  assert.ok(dense?.kind === 'dense')
  const straight = { kind: 'linear' } as const
  const layers = dense.layers.map((layer, l) => (l === code ? { ...layer, activation: straight } : layer))
  const means = layers[code]!
  const random = new Random(5)
  const spread: DenseLayer = {
    ...means,
    weights: means.weights.map(() => random.normal()),
    bias: means.bias.map(() => 2 * random.normal()),
  }
  const member: DivergenceMember = { kind: 'divergence', layers, code, spread, scale: 0.7 }
  return { model: { ...base, members: [member] }, member }
}

function applied({ weights, bias, activation }: DenseLayer, x: readonly number[]): number[] {
  return Array.from(bias, (offset, o) => {
    const sum = x.reduce((all, value, i) => all + value * weights[i * bias.length + o]!, offset)
    return activation.kind === 'tanh' ? Math.tanh(sum) : sum
  })
}

const cases: readonly (readonly [name: string, widths: readonly number[], code: number])[] = [
  ['no hidden layer', [width, 3, width], 0],
  ['one', [width, 9, 3, 5, width], 1],
  ['two', [width, 9, 12, 4, width], 2],
]
for (const [name, widths, code] of cases) {
  const { model, member } = cloudy(widths, code)
  const rows = sampleRows(model, 150, 0, 1)

  test(`${name}: the score is the divergence from the standard normal, to the bit on both kernels`, () => {
    const z = scaled(rows, 150, model.scaler)
    scoresOf(model, rows).forEach((score, row) => {
      let hidden = Array.from(z.subarray(row * width, (row + 1) * width))
      for (const layer of member.layers.slice(0, code)) hidden = applied(layer, hidden)
      const spreads = applied(member.spread, hidden).map((value) => Math.max(-10, Math.min(10, value)))
      const wanted = applied(member.layers[code]!, hidden).reduce(
        (sum, mean, j) => sum + Math.exp(spreads[j]!) + mean ** 2 - 1 - spreads[j]!,
        0,
      )
      assert.ok(Math.abs(score - 0.35 * wanted) <= 1e-5 + 1e-4 * score, `${score} for ${0.35 * wanted}`)
    })
    const given = sampleRows(model, 64, 0.1, 2)
    const [ours, twins] = [wasmKernel, twinKernel].map((make) => {
      const running = engine(model, make)
      running.input.set(given)
      const scores = new Float32Array(64)
      running.score(64, scores)
      return scores
    })
    assert.deepEqual(ours, twins)
    assert.ok(ours!.every((score) => score > 0 && Number.isFinite(score)))
  })
}

test('an artefact brings it back, and refuses log-variances that do not fit the means', () => {
  const { model, member } = cloudy([width, 9, 3, 5, width], 1)
  const rows = sampleRows(model, 8, 0.1, 3)
  const { golden, ...parsed } = parseArtefact(artefact(model, rows))
  assert.equal(golden.scores.length, 8)
  assert.deepEqual(parsed, model)
  const refused = (change: Partial<DivergenceMember>): void => {
    assert.throws(() => artefact({ ...model, members: [{ ...member, ...change }] }, rows), { code: 'artefact-invalid' })
  }
  refused({ code: 2 })
  refused({ scale: 0 })
  refused({ spread: { ...member.spread, bias: member.spread.bias.map(() => Number.NaN) } })
})

test('an explanation reconstructs by the mean code', () => {
  const { model } = cloudy([width, 9, 3, 5, width], 1)
  const row = sampleRows(model, 1, 0, 6)
  const { contributions, expected } = detector(model, 'test').explain(row)
  assert.ok(Math.abs(contributions.reduce((sum, share) => sum + share, 0) - 1) < 1e-5)
  assert.ok(expected.every(Number.isFinite))
})
