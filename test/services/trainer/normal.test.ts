import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Call } from '../../../services/trainer/calls.ts'
import { type NormalRequest, normalRows } from '../../../services/trainer/normal.ts'
import type { Sampled } from '../../../services/trainer/sample.ts'

/** Two keys in turn, a row a minute: each key has one every other minute. */
const count = 40
const sampled: Sampled = {
  rows: new Float32Array(count),
  count,
  timesMs: Float64Array.from({ length: count }, (_, i) => i * 60_000),
  keys: Uint32Array.from({ length: count }, (_, i) => i % 2),
  calledNormal: new Uint8Array(count),
  modulus: 1,
  rowsSeen: count,
  spanMs: (count - 1) * 60_000,
  lastMs: (count - 1) * 60_000,
  dropped: {},
}
const base: NormalRequest = {
  sampled,
  calls: [],
  ratios: null,
  steps: 1,
  feedbackDelayMs: 0,
  trendFromMs: null,
}
const call = (verdict: Call['verdict'], at: number): Call => {
  return { verdict, key: at % 2, timeMs: at * 60_000, origin: `0/${at}`, row: null }
}
const loud = (...at: readonly number[]): Float32Array => {
  return Float32Array.from({ length: count }, (_, i) => (at.includes(i) ? 2 : 0.5))
}
const gone = (request: NormalRequest): number[] => {
  const stay = new Set(normalRows(request).places)
  return Array.from({ length: count }, (_, i) => i).filter((i) => !stay.has(i))
}

test('nothing is said and nothing alarms: all stay', () => {
  const { places, dropped, readmitted } = normalRows({ ...base, ratios: loud() })
  assert.deepEqual([places.length, dropped, readmitted], [count, {}, 0])
})

test('around what a person called anomalous, three records of its key to both sides, or a window, go', () => {
  const anomaly = { ...base, calls: [call('anomaly', 20)] }
  assert.deepEqual(gone(anomaly), [14, 16, 18, 20, 22, 24, 26])
  assert.deepEqual(normalRows(anomaly).dropped, { 'near-called-anomalous': 7 })
  assert.deepEqual(gone({ ...anomaly, steps: 5 }), [10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30])
  assert.deepEqual(gone({ ...base, calls: [call('expected', 20)] }), [])
})

test('around what the incumbent alarms on from 1.5 times its threshold on, too', () => {
  const alarmed = { ...base, ratios: loud(9) }
  assert.deepEqual(gone(alarmed), [3, 5, 7, 9, 11, 13, 15])
  assert.deepEqual(normalRows(alarmed).dropped, { 'near-alarmed': 6, 'alarmed-by-incumbent': 1 })
  assert.deepEqual(gone({ ...base, ratios: loud(9).map((ratio) => Math.min(ratio, 1.4)) }), [])
})

test('what a person called normal stays, alarm or not, and in a guard band', () => {
  const calledNormal = Uint8Array.from({ length: count }, (_, i) => (i === 9 || i === 16 ? 1 : 0))
  const request = { ...base, sampled: { ...sampled, calledNormal }, ratios: loud(9), calls: [call('anomaly', 20)] }
  assert.deepEqual(gone(request), [14, 18, 20, 22, 24, 26])
  assert.equal(normalRows(request).readmitted, 1)
})

test('a new trend of a key excuses its rows from then on, a change for good all rows', () => {
  const ratios = loud(4, 10, 20, 30)
  assert.deepEqual(gone({ ...base, ratios }), [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32, 34, 36])
  const trend = { ...base, ratios, calls: [call('new-trend', 10)] }
  assert.deepEqual(gone(trend), [0, 2, 4, 6, 8])
  assert.deepEqual(gone({ ...base, ratios: loud(3, 10, 13), trendFromMs: 600_000 }), [1, 3, 5, 7, 9])
})

test('an incumbent that alarms on most rows is not heard', () => {
  const most = Array.from({ length: 21 }, (_, i) => i)
  const { places, readmitted } = normalRows({ ...base, ratios: loud(...most) })
  assert.deepEqual([places.length, readmitted], [count, 21])
  assert.ok(gone({ ...base, ratios: loud(...most.slice(2)) }).length >= 19)
})

test('rows younger than the delay go, unless they are spoken for', () => {
  const calledNormal = Uint8Array.from({ length: count }, (_, i) => (i === 38 ? 1 : 0))
  const request = { ...base, sampled: { ...sampled, calledNormal }, feedbackDelayMs: 3 * 60_000 }
  assert.deepEqual(gone(request), [37, 39])
})
