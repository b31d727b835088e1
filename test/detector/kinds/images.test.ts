// The convolutional kind on rows that are images: planted ones are a bright spot somewhere on a dark ground.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Failure } from '../../../libs/core/failure.ts'
import { Random } from '../../../libs/core/random.ts'
import { artefact, parseArtefact } from '../../../libs/detector/artefact.ts'
import { engine } from '../../../libs/detector/engine.ts'
import { type FitRequest, fit } from '../../../libs/detector/fit.ts'
import { twinKernel, wasmKernel } from '../../../libs/detector/kernel/kernel.ts'
import { imageHalvings } from '../../../libs/detector/kinds/convolutional.ts'
import type { Model } from '../../../libs/detector/model.ts'
import { scoresOf } from '../../../libs/detector/scores.ts'
import type { LayerForm } from '../../../libs/detector/sequence.ts'
import { tensorflowScores } from '../../contract/tensorflow-scores.ts'
import { requestOf } from '../planted.ts'

const seed = Number(process.env['SEED'] ?? 5)
const image = { height: 9, width: 8 }
const channels = 2
const width = image.height * image.width * channels

/** `spots` of them in each image, in both channels. */
function images(count: number, spots: number, from: number): Float32Array {
  const random = new Random(from)
  const rows = new Float32Array(count * width)
  for (let row = 0; row < count; row++) {
    for (let j = 0; j < width; j++) rows[row * width + j] = 0.05 * random.normal()
    for (let spot = 0; spot < spots; spot++) {
      const [y, x] = [1 + 6 * random.uniform(), 1 + 5 * random.uniform()]
      for (let j = 0; j < width; j++) {
        const place = Math.floor(j / channels)
        const square = (Math.floor(place / image.width) - y) ** 2 + ((place % image.width) - x) ** 2
        rows[row * width + j]! += Math.exp(-square / 2)
      }
    }
  }
  return rows
}

const fitted = (rows: Float32Array, more: Partial<FitRequest> = {}): Promise<Model> =>
  fit(requestOf(rows, width, { kind: 'convolutional', image, ...more }))
const rows = images(400, 1, seed)
const shared = fitted(rows)
const fresh = images(100, 1, seed + 1)

test(`images are halved along both axes until few places are left (seed ${seed})`, async () => {
  const { members } = await shared
  const [network] = members
  assert.ok(network?.kind === 'sequence')
  const kinds = network.layers.map(({ form }) => form.kind)
  const halved: LayerForm['kind'][] = ['image-convolution', 'image-convolution', 'convolution']
  const back: LayerForm['kind'][] = ['transposed', 'image-transposed', 'image-transposed']
  assert.deepEqual(
    network.layers.map(({ form }) => form.output.steps),
    [20, 6, 1, 6, 20, 72],
  )
  const pixels = imageHalvings({ height: 28, width: 28 }, 784, 42).map(({ output }) => output.steps)
  assert.deepEqual(pixels, [196, 49, 16, 1, 16, 49, 196, 784])
  assert.deepEqual(kinds, [...halved, ...back])
})

test('images: the same bits from both kernels, and from an artefact', async () => {
  const model = await shared
  const wanted = scoresOf(model, fresh)
  assert.deepEqual(scoresOf(parseArtefact(artefact(model, rows.subarray(0, 8 * width))), fresh), wanted)
  for (const make of [wasmKernel, twinKernel]) {
    const running = engine(model, make)
    const found = new Float32Array(1)
    for (let i = 0; i < 8; i++) {
      running.input.set(fresh.subarray(i * width, (i + 1) * width))
      running.score(1, found)
      assert.equal(found[0], wanted[i], `${running.kernel}, image ${i}`)
    }
  }
})

test('images: the network scores as TensorFlow has it, within 1e-5 + 1e-4 of the score', async () => {
  const model = await shared
  const [network] = model.members
  assert.ok(network?.kind === 'sequence')
  const scores = scoresOf({ ...model, members: [network], combination: { kind: 'mean' } }, fresh)
  const wanted = await tensorflowScores(model, network, fresh)
  for (const [i, score] of scores.entries())
    assert.ok(Math.abs(score - wanted[i]!) <= 1e-5 + 1e-4 * wanted[i]!, `${score} for ${wanted[i]}`)
})

test(`images of another kind stand out, those of this kind do not (seed ${seed})`, async () => {
  const model = await shared
  const { threshold } = model.calibration
  const alarms = (given: Float32Array): number => scoresOf(model, given).filter((score) => score > threshold).length
  assert.ok(alarms(fresh) <= 8, `${alarms(fresh)} of 100`)
  assert.ok(alarms(images(100, 3, seed + 2)) >= 50, `${alarms(images(100, 3, seed + 2))} of 100`)
})

const refused: readonly { readonly more: Partial<FitRequest>; readonly word: RegExp }[] = [
  { more: { kind: 'ensemble' }, word: /kind ensemble does not learn from images/ },
  { more: { steps: 2 }, word: /an image or a window/ },
  { more: { image: { height: 7, width: 8 } }, word: /144 columns make no image of 7x8/ },
  { more: { image: { height: 100, width: 100 } }, word: /at most 1024/ },
]

for (const { more, word } of refused)
  test(`images: refused: ${word.source}`, async () => {
    await assert.rejects(
      fitted(rows, more),
      (thrown) => thrown instanceof Failure && thrown.code === 'usage' && word.test(thrown.message),
    )
  })
