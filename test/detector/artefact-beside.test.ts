import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Failure } from '../../libs/core/failure.ts'
import { artefact, parseArtefact } from '../../libs/detector/artefact.ts'
import { driftReference } from '../../libs/detector/drift-reference.ts'
import { draw } from './drift-worlds.ts'
import { linearModel, planted } from './planted.ts'

const width = 4
const model = linearModel(planted(600, width, 1), planted(400, width, 2), width, 0.01)
const rows = planted(16, width, 3)
const past = draw('daily', 1, 2_400, width)
const scores = Float32Array.from({ length: past.count }, (_, i) => i % 97)
const found = driftReference({ ...past, columns: 3, scores, unseen: scores.slice(2_000), salt: 7, modulus: 4 })
const reference = found ?? assert.fail('too few rows')

test('canaries and the reference come back as they went in, and shape nothing else', () => {
  const canaries = { rows: Float32Array.of(1, 2, Number.NaN, 4, 5, 6, 7, 8), origins: ['0/7', 'made/spike'] }
  const parsed = parseArtefact(artefact({ ...model, canaries, reference }, rows))
  assert.deepEqual(parsed.canaries, canaries)
  assert.deepEqual(parsed.reference, reference)
  const bare = parseArtefact(artefact(model, rows))
  assert.deepEqual([bare.canaries, bare.reference], [undefined, undefined])
  const { canaries: _, reference: __, ...rest } = parsed
  assert.deepEqual(rest, bare)
  const none = { rows: new Float32Array(0), origins: [] }
  assert.deepEqual(parseArtefact(artefact({ ...model, canaries: none }, rows)).canaries, none)
})

test('a reference is small beside a detector of any size', () => {
  const bytes = artefact({ ...model, reference }, rows).length - artefact(model, rows).length
  assert.ok(bytes < 2_500, `${bytes} bytes of 3 columns`)
})

test('what is not finite is refused', () => {
  const canaries = { rows: Float32Array.of(1, Number.POSITIVE_INFINITY, 3, 4), origins: ['0/7'] }
  const bad = { ...reference, counts: reference.counts.map(() => Number.NaN) }
  for (const given of [{ canaries }, { reference: bad }])
    assert.throws(
      () => artefact({ ...model, ...given }, rows),
      (thrown) => thrown instanceof Failure && thrown.code === 'artefact-invalid',
    )
})

test('too few rows have no reference', () => {
  const few = { ...draw('daily', 1, 400, width), columns: 3, salt: 7, modulus: 1 }
  assert.equal(driftReference({ ...few, scores: scores.slice(0, 400), unseen: scores.slice(340, 400) }), null)
})
