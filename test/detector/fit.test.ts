import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Failure } from '../../libs/core/failure.ts'
import { artefact, parseArtefact } from '../../libs/detector/artefact.ts'
import { fit, scoresOf } from '../../libs/detector/fit.ts'
import { planted, requestOf } from './planted.ts'

const width = 6

test('a fit becomes an artefact whose scores are those of the model', async () => {
  const rows = planted(600, width, 1)
  const model = await fit(requestOf(rows, width))
  const stored = parseArtefact(artefact(model, rows))
  const fresh = planted(300, width, 2)
  assert.deepEqual(scoresOf(stored, fresh), scoresOf(model, fresh))
  assert.deepEqual(stored.calibration, model.calibration)
})

test('the alarm rate over fresh normal rows is near its target', async () => {
  const model = await fit(requestOf(planted(3000, width, 1), width, { alpha: 0.02 }))
  const scores = scoresOf(model, planted(5000, width, 2))
  const rate = scores.filter((score) => score > model.calibration.threshold).length / scores.length
  assert.ok(rate > 0.008 && rate < 0.035, `realised ${rate}`)
})

test('rows that break what the columns have in common score above the threshold', async () => {
  const model = await fit(requestOf(planted(2000, width, 1), width))
  const broken = planted(200, width, 3)
  for (let i = 0; i < 200; i++) broken[i * width + 2]! += 3
  const found = scoresOf(model, broken).filter((score) => score > model.calibration.threshold).length
  assert.ok(found > 190, `${found} of 200 found`)
})

test('equal requests give equal bytes, another seed gives others', async () => {
  const rows = planted(400, width, 1)
  const bytes = async (seed: number): Promise<string> =>
    Buffer.from(artefact(await fit(requestOf(rows, width, { seed })), rows)).toString('hex')
  assert.equal(await bytes(7), await bytes(7))
  assert.notEqual(await bytes(7), await bytes(8))
})

test('rows are put in the order of time, and those with an infinity are left out and counted', async () => {
  const rows = planted(400, width, 1)
  const model = await fit(requestOf(rows, width))
  const reversed = new Float32Array(rows.length)
  for (let i = 0; i < 400; i++) reversed.set(rows.subarray(i * width, (i + 1) * width), (399 - i) * width)
  const timesMs = Float64Array.from({ length: 400 }, (_, i) => 1e12 - i)
  const again = await fit(requestOf(reversed, width, { timesMs }))
  assert.deepEqual(again.members, model.members)
  reversed[5] = Number.POSITIVE_INFINITY
  const without = await fit(requestOf(reversed, width, { timesMs }))
  assert.deepEqual((without.manifest as { rows: object }).rows, {
    given: 400,
    notFinite: 1,
    trimmed: 0,
    trained: 399,
    calibrated: 399,
  })
})

test('F2 rows that calibrate are strange to the fit that scores them: a wild newest fifth raises the threshold', async () => {
  const rows = planted(500, width, 1)
  const calm = await fit(requestOf(rows, width))
  for (let i = 400 * width; i < rows.length; i++) rows[i]! *= i % 2 === 0 ? 6 : -6
  const wild = await fit(requestOf(rows, width))
  // Seen by the fit, they would have widened the scaler and the covariance instead.
  assert.ok(wild.calibration.threshold > 100 * calm.calibration.threshold)
})

test('trimming leaves out the highest scores, the manifest counts them, and progress is told in few steps', async () => {
  const shares: number[] = []
  const onProgress = (share: number): void => void shares.push(share)
  const model = await fit(requestOf(planted(500, width, 1), width, { trim: { share: 0.02, rounds: 2 }, onProgress }))
  assert.ok(shares.length >= 18 && shares.length <= 20 && shares.at(-1) === 1, shares.join(' '))
  assert.deepEqual(
    shares,
    [...shares].sort((a, b) => a - b),
  )
  assert.equal((model.manifest as { rows: { trimmed: number } }).rows.trimmed, 19)
})

test('too few rows and a passed deadline are failures with a code', async () => {
  const refused = (code: string) => (thrown: unknown) => thrown instanceof Failure && thrown.code === code
  await assert.rejects(fit(requestOf(planted(90, width, 1), width)), refused('data-too-little'))
  let nowMs = 0
  const deadline = { nowMs: () => nowMs++, atMs: 50 }
  await assert.rejects(fit(requestOf(planted(400, width, 1), width, { deadline })), refused('timeout'))
})
