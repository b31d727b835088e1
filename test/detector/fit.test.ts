import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Failure } from '../../libs/core/failure.ts'
import { Random } from '../../libs/core/random.ts'
import { artefact, parseArtefact } from '../../libs/detector/artefact.ts'
import { fit } from '../../libs/detector/fit.ts'
import { scoresOf } from '../../libs/detector/scores.ts'
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

test('F2 rows that calibrate are strange to the fit that scores them: wild rows of any time raise the threshold', async () => {
  const calm = await fit(requestOf(planted(500, width, 1), width))
  for (const from of [0, 200, 400]) {
    const rows = planted(500, width, 1)
    for (let i = from * width; i < (from + 100) * width; i++) rows[i]! *= i % 2 === 0 ? 6 : -6
    const wild = await fit(requestOf(rows, width))
    // Seen by the fit, they would have widened the scaler and the covariance instead.
    assert.ok(wild.calibration.threshold > 30 * calm.calibration.threshold, `rows from ${from}`)
  }
})

const alpha = 0.02

/** Realised alarm rate of a fit to the first `trained` rows, over the rows after them, as a multiple of the target. */
async function realised(rows: Float32Array, columns: number, trained: number, steps: number): Promise<number> {
  const past = rows.subarray(0, trained * columns)
  const model = await fit(requestOf(past, columns, { alpha, steps }))
  const scores = scoresOf(model, rows.subarray(trained * columns))
  return scores.filter((score) => score > model.calibration.threshold).length / scores.length / alpha
}

async function meanRealised(seeds: number, one: (seed: number) => Promise<number>): Promise<number> {
  let sum = 0
  for (let seed = 1; seed <= seeds; seed++) sum += await one(seed)
  return sum / seeds
}

test('rows that do not drift alarm about as often as they should', async () => {
  const rate = await meanRealised(4, (seed) => realised(planted(3000, width, seed), width, 1000, 1))
  assert.ok(rate > 0.6 && rate < 1.6, `${rate} times the target`)
})

test('rows whose level wanders stay within six times the target, though the newest of them were calm', async () => {
  const rate = await meanRealised(4, (seed) => realised(wandering(2000, seed), width, 1000, 1))
  assert.ok(rate < 6, `${rate} times the target`)
})

/** Ten times of equal length, each with its own level; that of the fifth, the newest that trains, was there before. */
function wandering(count: number, seed: number): Float32Array {
  const rows = planted(count, width, seed)
  const random = new Random(seed)
  const levels = Array.from({ length: 10 }, () => Array.from({ length: width }, () => 0.15 * random.normal()))
  for (let i = 0; i < count; i++) {
    const time = Math.floor((10 * i) / count)
    for (let j = 0; j < width; j++) rows[i * width + j]! += levels[time === 4 ? 3 : time]![j]!
  }
  return rows
}

test('windows of a slow signal, where neighbours are nearly equal, alarm about as often as they should', async () => {
  const rate = await meanRealised(4, (seed) => realised(slowWindows(9000, seed), 10, 2000, 10))
  assert.ok(rate > 0.4 && rate < 2, `${rate} times the target`)
})

/** Windows of ten steps over a signal that keeps 97 % of its level from step to step. */
function slowWindows(count: number, seed: number): Float32Array {
  const random = new Random(seed)
  const signal = new Float32Array(count + 9)
  for (let i = 1; i < signal.length; i++) signal[i] = 0.97 * signal[i - 1]! + random.normal()
  const rows = new Float32Array(count * 10)
  for (let i = 0; i < count; i++) rows.set(signal.subarray(i, i + 10), i * 10)
  return rows
}

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
