// Codes and rows made up, by the very layers: both halves are held against plain sums.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { codeOf, decoderOf } from '../../libs/detector/code.ts'
import { fit } from '../../libs/detector/fit.ts'
import { scaled } from '../../libs/detector/fit-scaler.ts'
import { generate } from '../../libs/detector/generate.ts'
import { activate } from '../../libs/detector/kernel/twin-activation.ts'
import { samplerOf } from '../../libs/detector/kinds/sampling.ts'
import type { DenseLayer, Model } from '../../libs/detector/model.ts'
import { shape } from '../../libs/detector/packing.ts'
import { reconstruction } from '../../libs/detector/reconstruction.ts'
import { likeness } from '../../libs/detector/two-sample.ts'
import type { DetectorKind } from '../../libs/stream/spec.ts'
import { linearModel, planted, requestOf } from './planted.ts'

const width = 5
const rows = planted(1500, width, 21)
const fitted = (kind: DetectorKind): Promise<Model> => fit(requestOf(rows, width, { kind }))
const plain = (layers: readonly DenseLayer[], inputs: Float32Array): Float32Array =>
  layers.reduce((read, { weights, bias, activation }) => {
    const { slope, curve } = shape(activation)
    return bias.map((offset, o) => {
      let sum = offset
      for (let i = 0; i < read.length; i++) sum += read[i]! * weights[i * bias.length + o]!
      return activate(slope, curve, sum)
    })
  }, inputs)

function near(found: Float32Array, wanted: Float32Array): void {
  assert.equal(found.length, wanted.length)
  for (const [i, value] of found.entries()) assert.ok(Math.abs(value - wanted[i]!) < 1e-4, `${found} for ${wanted}`)
}

function layersOf({ members }: Model): readonly DenseLayer[] {
  const found = members.find((member) => member.kind === 'dense' && member.layers.length > 1)
  return found?.kind === 'dense' ? found.layers : assert.fail('no network')
}

describe('code', async () => {
  // Wider than the row, as wide as the hidden layers, narrower; the layer that gives it.
  const kinds = [
    ['sparse', 2],
    ['contractive', 1],
    ['variational', 2],
    ['denoising', 2],
  ] as const
  for (const [kind, at] of kinds)
    test(`of ${kind}: what its layers give`, async () => {
      const model = await fitted(kind)
      const layers = layersOf(model)
      const code = codeOf(model)
      const decoder = decoderOf(model)
      assert.ok(code !== null && decoder !== null)
      assert.equal(code.columns, layers[at - 1]!.outputs)
      const row = rows.subarray(35, 40)
      const scaled = row.map((value, j) => (value - model.scaler.mean[j]!) * model.scaler.inverseScale[j]!)
      const wanted = plain(layers.slice(0, at), scaled)
      near(code.encode(row).slice(), wanted)
      near(decoder.decode(wanted).slice(), plain(layers.slice(at), wanted))
    })

  test('of windows: as wide as the narrowest layer, another code for another window', async () => {
    const model = await fit(requestOf(rows.subarray(0, 1200 * width), 3 * width, { kind: 'convolutional', steps: 3 }))
    const code = codeOf(model)
    assert.ok(code !== null && code.columns < 3 * width)
    const [one, two] = [0, 60].map((from) => code.encode(rows.subarray(from, from + 3 * width)).slice())
    assert.notDeepEqual(one, two)
    assert.deepEqual(code.encode(rows.subarray(0, 3 * width)), one)
    assert.equal(decoderOf(model), null)
  })

  test('of an ensemble of windows: of what its members see', async () => {
    const model = await fit(requestOf(rows.subarray(0, 1200 * width), 4 * width, { kind: 'ensemble', steps: 4 }))
    const code = codeOf(model)
    assert.ok(code !== null && code.columns < 4 * width)
    const found = [0, 60].map((from) => code.encode(rows.subarray(from, from + 4 * width)).slice())
    assert.ok(found.flatMap((each) => [...each]).every(Number.isFinite))
    assert.notDeepEqual(found[0], found[1])
    const { speaks } = reconstruction(model)
    assert.deepEqual(
      speaks,
      Array.from({ length: 4 * width }, (_, j) => j >= 3 * width),
      'the last step alone',
    )
  })

  test('the linear member has none, and makes no rows up', () => {
    const model = linearModel(rows, rows, width, 0.01)
    assert.deepEqual([codeOf(model), decoderOf(model)], [null, null])
    assert.throws(() => generate({ ...model, kind: 'variational' }, 1, 1), /variational/)
  })
})

describe('reconstruction', async () => {
  const model = await fitted('ensemble')

  test('fills what is missing, and leaves the rest', () => {
    const { complete } = reconstruction(model)
    const fresh = planted(300, width, 22)
    let error = 0
    for (let from = 0; from < fresh.length; from += width) {
      const row = fresh.slice(from, from + width)
      row[2] = Number.NaN
      const whole = complete(row)
      assert.deepEqual(
        whole.filter((_, j) => j !== 2),
        row.filter((_, j) => j !== 2),
      )
      error += (whole[2]! - fresh[from + 2]!) ** 2
    }
    const spread = fresh.reduce((sum, value, i) => (i % width === 2 ? sum + value * value : sum), 0)
    assert.ok(error < spread / 5, `${error} of ${spread}`)
    assert.ok(complete(new Float32Array(width).fill(Number.NaN)).every(Number.isFinite))
  })
})

describe('generate', async () => {
  const withStill = rows.map((value, i) => (i % width === 4 ? 7 : value))
  const model = await fit(requestOf(withStill, width, { kind: 'variational' }))

  test('the same seed, the same rows; finite; a column that never moved keeps its value', () => {
    const other = {
      rows: scaled(withStill, withStill.length / width, model.scaler),
      count: withStill.length / width,
      width,
    }
    const given = samplerOf(model.members, other, withStill, 2) ?? assert.fail('no sampler')
    for (const like of [model.sampler, given]) {
      const made = generate(model, 200, 3, like)
      assert.deepEqual(generate(model, 200, 3, like), made)
      assert.notDeepEqual(generate(model, 200, 4, like), made)
      assert.ok(made.every((value, i) => (i % width === 4 ? value === 7 : Number.isFinite(value))))
    }
  })

  test('each column lies where that of the rows learnt from does, whatever its form', () => {
    const { distances } = likeness(generate(model, 4000, 6), withStill, width)
    assert.ok(
      distances.every((distance) => distance < 0.06),
      `${distances}`,
    )
    const { sampler: _, ...bare } = model
    assert.throws(() => generate(bare, 1, 1), /fit it again/)
  })

  test('other kinds are refused', () => {
    assert.throws(() => generate({ ...model, kind: 'denoising' }, 1, 1), /none of denoising/)
    assert.equal(
      samplerOf(model.members, { rows: rows.subarray(0, width), count: 1, width }, rows.subarray(0, width), 1),
      null,
    )
  })
})
