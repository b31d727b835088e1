// Artefact: round trip, and refusal of every damaged byte, every cut and every description that is not exactly right.

import assert from 'node:assert/strict'
import test from 'node:test'
import { Failure } from '../../libs/core/failure.ts'
import { artefact, parseArtefact } from '../../libs/detector/artefact.ts'
import { describe, parseDescription } from '../../libs/detector/description.ts'
import type { Model } from '../../libs/detector/model.ts'
import { sampleModel, sampleRows } from './sample-model.ts'

const seed = 11
const small = sampleModel({ widths: [3, 2, 3], activation: { kind: 'tanh' }, scoring: 'mahalanobis', members: 2, seed })
const other = sampleModel({
  widths: [4, 2, 4],
  activation: { kind: 'leaky-relu', alpha: 0.1 },
  scoring: 'error-over-train',
  members: 1,
  seed,
})
const rows = (model: Model): Float32Array => sampleRows(model, 8, 0.1, seed)

function isRefusal(thrown: unknown): boolean {
  return thrown instanceof Failure && (thrown.code === 'artefact-invalid' || thrown.code === 'artefact-mismatch')
}

const shared = sampleModel({
  widths: [5, 2, 5],
  activation: { kind: 'tanh' },
  scoring: 'mahalanobis',
  members: 1,
  seed,
  categories: [
    { from: 1, to: 3 },
    { from: 4, to: 5 },
  ],
})

const ranged = {
  ...small,
  scaler: { ...small.scaler, range: { low: Float32Array.of(-1, 0, 2), high: Float32Array.of(-1, 5, 3) } },
}

for (const model of [small, other, shared, ranged]) {
  test(`a model of ${model.width} columns comes back as it was, and equal models give equal bytes (A1)`, () => {
    const bytes = artefact(model, rows(model))
    const { golden, ...parsed } = parseArtefact(bytes)
    assert.deepEqual(parsed, model)
    assert.deepEqual(golden.rows, rows(model))
    assert.ok(golden.scores.every((score) => score > 0))
    assert.deepEqual(artefact(parsed, golden.rows), bytes)
  })
}

test('every byte that is changed, in any bit, is refused (A3)', () => {
  const bytes = artefact(small, rows(small))
  for (let at = 0; at < bytes.length; at++) {
    const damaged = bytes.slice()
    damaged[at] = damaged[at]! ^ (1 << (at % 8))
    assert.throws(() => parseArtefact(damaged), isRefusal, `byte ${at}`)
  }
})

test('every cut and every addition is refused (A3)', () => {
  const bytes = artefact(small, rows(small))
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => parseArtefact(bytes.subarray(0, length)), isRefusal, `cut at ${length}`)
  }
  assert.throws(() => parseArtefact(Uint8Array.of(...bytes, 0)), isRefusal)
})

test('a model that breaks an invariant is not written', () => {
  const broken = (change: Partial<Model>): void => {
    assert.throws(() => artefact({ ...small, ...change }, rows(small)), isRefusal)
  }
  const [member] = small.members
  assert.ok(member?.kind === 'dense' && member.scoring.kind === 'mahalanobis')
  const { residualMean, whitening } = member.scoring
  broken({ scaler: { ...small.scaler, mean: Float32Array.of(1, Number.NaN, 2) } })
  broken({ scaler: { ...small.scaler, clip: 0 } })
  broken({
    members: [{ ...member, scoring: { kind: 'mahalanobis', residualMean, whitening: whitening.map(() => 1) } }],
  })
  broken({ members: [{ ...member, layers: member.layers.slice(0, 1) }] })
  broken({ members: [{ ...member, scoring: { kind: 'error-over-train', trainError: new Float32Array(3) } }] })
  broken({ layout: { ...small.layout, groups: Int32Array.of(0, 1, 3) } })
  broken({ calibration: { ...small.calibration, alpha: 1 } })
  broken({ calibration: { ...small.calibration, threshold: Number.NaN } })
  broken({ calibration: { ...small.calibration, knotScores: Float32Array.of(1, 1, 2, 3) } })
  broken({ calibration: { ...small.calibration, knotPs: Float32Array.of(0.1, 0.5, 0.02, 0.001) } })
})

test('a range that ends before it begins is refused', () => {
  const high = Float32Array.of(-1, 5, 1.5)
  const scaler = { ...ranged.scaler, range: { ...ranged.scaler.range, high } }
  assert.throws(() => artefact({ ...ranged, scaler }, rows(ranged)), isRefusal)
})

test('a description that is not exactly known is refused, with its path', () => {
  const text = JSON.stringify(describe(small))
  assert.deepEqual(parseDescription(text).calibration.tail, small.calibration.tail)
  const refused = (from: string, to: string, found: RegExp): void => {
    assert.ok(text.includes(from), from)
    assert.throws(
      () => parseDescription(text.replace(from, to)),
      (thrown) => thrown instanceof Failure && found.test(thrown.message),
    )
  }
  refused('"kind":"tanh"', '"kind":"gelu"', /layers\[0\]\.activation\.kind: found gelu, expected one of linear/)
  refused('"kind":"dense"', '"kind":"lambda"', /members\[0\]\.kind: found lambda/)
  refused('"inputs":3', '"inputs":4', /expected 3 inputs/)
  refused('"outputs":2', '"outputs":1e9', /whole number from 1 to 8192/)
  refused('"width":3', '"width":3.5', /whole number/)
  refused('"manifest"', '"manifesto"', /model\.manifest: found nothing/)
  refused('"parent":null', '"parent":null,"code":"x"', /found code, expected no such field/)
  refused('"scale":4', '"scale":0', /tail\.scale/)
  refused('{', '[', /not JSON/)
})
