// The linear member of bent columns: what it is good for, that it is the same on both kernels, and that it says what is
// missing in the row's own units.

import assert from 'node:assert/strict'
import test from 'node:test'
import { Failure } from '../../../libs/core/failure.ts'
import { Random } from '../../../libs/core/random.ts'
import { artefact, parseArtefact } from '../../../libs/detector/artefact.ts'
import { bentBy, valueBentTo } from '../../../libs/detector/bend.ts'
import { codeOf } from '../../../libs/detector/code.ts'
import { engine, probeRows } from '../../../libs/detector/engine.ts'
import { fitScaler, scaled } from '../../../libs/detector/fit-scaler.ts'
import { twinKernel, wasmKernel } from '../../../libs/detector/kernel/kernel.ts'
import { bentMember, bentRows } from '../../../libs/detector/kinds/bent.ts'
import { linearMember } from '../../../libs/detector/kinds/linear.ts'
import { detector } from '../../../libs/detector/load.ts'
import type { Member, Model } from '../../../libs/detector/model.ts'
import { scoresOf } from '../../../libs/detector/scores.ts'
import { linearModel, planted } from '../planted.ts'
import { sampleModel } from '../sample-model.ts'

const seed = Number(process.env['SEED'] ?? 3)
const width = 6

/** The first column is e to the power of what the second and third tell together, the rest go their own way; tails are long. */
function tailed(count: number, name: string): Float32Array {
  const random = Random.derived(seed, name)
  const rows = new Float32Array(count * width)
  for (let i = 0; i < count; i++) {
    const [a, b] = [random.normal(), random.normal()]
    const row = [Math.exp(1.5 * (a + b)), a, b, Math.exp(2 * random.normal()), random.normal(), random.normal() ** 3]
    rows.set(row, i * width)
  }
  return rows
}

const rows = tailed(2000, 'rows')
const fresh = tailed(400, 'fresh')
const plain = linearModel(rows, fresh, width, 0.02)
const scaler = fitScaler(rows, 2000, width, false)
const training = { rows: scaled(rows, 2000, scaler), count: 2000, width }
const member = bentMember(bentRows(training))
const model: Model = { ...plain, members: [member] }

function holed(of: Float32Array, share: number): Float32Array {
  const random = Random.derived(seed, 'holes')
  return of.map((value) => (random.uniform() < share ? Number.NaN : value))
}

test('rows that are strange beside long tails score higher than they do by the plain distance', () => {
  const odd = fresh.slice()
  // As low as never together with what the second and third tell.
  for (let i = 0; i < 400; i++) [odd[i * width], odd[i * width + 1], odd[i * width + 2]] = [0.01, 1.2, 1.2]
  const foundBy = (own: Model): number => {
    const limit = scoresOf(own, fresh).sort()[395]!
    return scoresOf(own, odd).filter((score) => score > limit).length / 400
  }
  const [bent, straight] = [foundBy(model), foundBy({ ...plain, members: [linearMember(training)] })]
  assert.ok(bent > 0.9 && straight < 0.3, `${bent} found, ${straight} by the plain distance`)
})

test('the same bits from both kernels and for every batch, missing values included', () => {
  const network = sampleModel({
    widths: [width, 3, width],
    activation: { kind: 'tanh' },
    scoring: 'error-over-train',
    members: 1,
    seed: 4,
  })
  const both: Model = { ...model, members: [...network.members, member] }
  const some = holed(fresh.subarray(0, 150 * width), 0.1)
  const whole = scoresOf(both, some)
  const running = [engine(both, twinKernel), engine(both, wasmKernel)]
  const [twin, wasm] = running.map((own) => {
    const found = new Float32Array(150)
    own.input.set(some)
    own.score(150, found)
    const probed = new Float32Array(probeRows)
    own.side.set(some.subarray(0, probeRows * width))
    own.probe(probeRows, probed)
    own.side.set(holed(fresh.subarray(0, width), 0.5))
    own.examine()
    return { found, probed, views: own.views.map(({ residual, reconstructed }) => [residual, reconstructed]) }
  })
  assert.deepEqual(twin, wasm)
  assert.deepEqual(wasm?.found, whole)
  const one = new Float32Array(1)
  for (let i = 0; i < 150; i++) {
    running[1]!.input.set(some.subarray(i * width, (i + 1) * width))
    running[1]!.score(1, one)
    assert.equal(one[0], whole[i])
  }
})

test('any row has a finite score', () => {
  const wild = [0, -0, 1e-38, 1, -1e30, 3.4e38, -3.4e38, Number.NaN]
  const random = Random.derived(seed, 'wild')
  const some = Float32Array.from({ length: 300 * width }, () => wild[Math.floor(random.uniform() * wild.length)]!)
  assert.ok(scoresOf(model, some).every((score) => Number.isFinite(score) && score >= 0))
  const nothing = scoresOf(model, new Float32Array(width).fill(Number.NaN))
  assert.ok(nothing[0]! < 1e-6)
})

test('rows with missing values are about as loud as whole ones', () => {
  const limit = scoresOf(model, fresh).sort()[380]!
  const loud = scoresOf(model, holed(fresh, 0.2)).filter((score) => score > limit).length
  assert.ok(loud > 8 && loud < 40, `${loud} of 400, 20 of whole ones`)
})

test('an explanation names the column and says what was to be expected of it', () => {
  const running = detector(model, 'test')
  // e^(1.5 · 2.4) is 37.
  const { contributions, expected } = running.explain(Float32Array.of(0.01, 1.2, 1.2, 1, 0, 0))
  assert.ok(
    contributions.subarray(3).every((share) => share < 0.1),
    `${contributions}`,
  )
  const lowest = running.explain(Float32Array.of(5000, 0, 0, 1, 0, 0))
  assert.ok(lowest.contributions[0]! > 0.9, `${lowest.contributions}`)
  assert.ok(lowest.expected[0]! > 0 && lowest.expected[0]! < 5, `${lowest.expected}`)
  assert.ok(expected.every(Number.isFinite))
})

test('columns that never moved, mostly hold one value, or hold none', () => {
  const random = Random.derived(seed, 'odd columns')
  const odd = Float32Array.from({ length: 500 * 3 }, (_, i) =>
    i % 3 === 0 ? 4 : i % 3 === 1 ? Number(random.uniform() < 0.1) : Number.NaN,
  )
  const own = bentMember(bentRows({ rows: odd, count: 500, width: 3 }))
  assert.ok(own.bend !== undefined)
  const seen = bentBy(own.bend, odd)
  for (const value of seen) assert.ok(Number.isNaN(value) || Math.abs(value) < 5)
  for (const [i, value] of seen.entries())
    if (!Number.isNaN(value)) assert.ok(Math.abs(valueBentTo(own.bend, i % 3, value) - odd[i]!) < 1e-5)
})

test("wide rows have one of few axes, whose code is not taken for a network's", () => {
  const [columns, count] = [600, 150]
  const wide = planted(count, columns, seed)
  const own = bentMember(bentRows({ rows: wide, count, width: columns }))
  assert.equal(own.layers.length, 2)
  const alike = sampleModel({
    widths: [columns, 5, columns],
    activation: { kind: 'tanh' },
    scoring: 'error-over-train',
    members: 1,
    seed: 4,
  })
  const row = wide.subarray(0, columns)
  assert.deepEqual(codeOf({ ...alike, members: [own, ...alike.members] })?.encode(row), codeOf(alike)?.encode(row))
  assert.equal(codeOf({ ...alike, members: [own] }), null)
  assert.ok(scoresOf({ ...alike, members: [own] }, wide).every(Number.isFinite))
})

test('an artefact brings it back, and one that cannot be bent is refused', () => {
  const read = parseArtefact(artefact(model, fresh))
  assert.deepEqual(read.members, [member])
  assert.ok(member.bend !== undefined)
  for (const name of ['inverse', 'scale'] as const) {
    const spoilt: Member = { ...member, bend: { ...member.bend, [name]: new Float32Array(width) } }
    assert.throws(
      () => parseArtefact(artefact({ ...model, members: [spoilt] }, fresh)),
      (thrown) => thrown instanceof Failure && thrown.message.includes(`bend.${name}`),
    )
  }
})
