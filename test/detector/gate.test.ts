import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Detector } from '../../libs/detector/detector.ts'
import { type GateRequest, gate } from '../../libs/detector/gate.ts'
import { detector } from '../../libs/detector/load.ts'
import type { Model } from '../../libs/detector/model.ts'
import { linearModel, planted } from './planted.ts'

const width = 5
const alpha = 0.02
const heldOut = planted(1000, width, 30)
const good = linearModel(planted(1500, width, 10), planted(1500, width, 20), width, alpha)

function request(candidate: Detector, more: Partial<GateRequest> = {}): GateRequest {
  return {
    candidate,
    incumbent: null,
    rows: heldOut,
    count: 1000,
    width,
    groups: Int32Array.from([0, 1, 2, 3, 4]),
    alpha,
    seed: 1,
    ...more,
  }
}

function withThreshold(model: Model, threshold: number): Detector {
  return detector({ ...model, calibration: { ...model.calibration, threshold } }, 'changed')
}

test('a good first detector is promoted, with its numbers and without reasons', () => {
  const result = gate(request(detector(good, 'good')))
  assert.deepEqual([result.verdict, result.refusedBy, result.reasons], ['promote', 'none', []])
  assert.deepEqual(Object.keys(result.numbers), ['rows', 'alpha', 'seed', 'alarmRate', 'recall', 'recallOfRobustZ'])
})

test('an equal detector may replace its equal', () => {
  const result = gate(request(detector(good, 'good'), { incumbent: detector(good, 'same') }))
  assert.equal(result.verdict, 'promote', result.reasons.join('; '))
  assert.equal(result.numbers['shift'], 0)
})

test('too few rows are refused', () => {
  assert.equal(gate(request(detector(good, 'good'), { count: 49 })).refusedBy, 'too-few-rows')
})

test('scores that are not finite are refused', () => {
  const broken: Detector = {
    ...detector(good, 'nan'),
    score: (count, scores) => void scores.fill(Number.NaN, 0, count),
  }
  assert.equal(gate(request(broken)).refusedBy, 'not-finite')
})

test('too many alarms are refused', () => {
  assert.equal(gate(request(withThreshold(good, good.calibration.threshold * 0.4))).refusedBy, 'alarm-rate')
})

test('too few alarms are refused where an incumbent serves, and taken where none does', () => {
  const quiet = withThreshold(good, good.calibration.threshold * 1.8)
  assert.equal(gate(request(quiet)).verdict, 'promote')
  const result = gate(request(quiet, { incumbent: detector(good, 'good') }))
  assert.equal(result.refusedBy, 'alarm-rate')
})

test('a candidate that has lost sight of a column is refused for its recall', () => {
  const member = good.members[0]!
  assert.equal(member.scoring.kind, 'mahalanobis')
  const whitening = new Float32Array(width * width)
  whitening[0] = 1
  const { residualMean } = member.scoring
  const layers = member.layers.map((layer) => ({ ...layer, weights: new Float32Array(width * width) }))
  const half: Model = {
    ...good,
    members: [{ ...member, layers, scoring: { kind: 'mahalanobis', residualMean, whitening } }],
  }
  const scores = new Float32Array(1000)
  const running = detector(half, 'half')
  running.input.set(heldOut)
  running.score(1000, scores)
  const threshold = scores.sort()[979]!
  const result = gate(request(withThreshold(half, threshold), { incumbent: detector(good, 'good') }))
  assert.equal(result.verdict, 'refuse')
  assert.ok(
    result.reasons.some((reason) => reason.startsWith('recall: ')),
    result.reasons.join('; '),
  )
})

test('a first detector that sees next to nothing is called blind', () => {
  const deaf = withThreshold(good, good.calibration.threshold * 1e6)
  assert.ok(gate(request(deaf)).reasons.some((reason) => reason.startsWith('blind: ')))
})

test('a jump of the threshold and one of the scores are named beside each other', () => {
  const bold: Detector = { ...detector(good, 'bold'), threshold: good.calibration.threshold * 50, pValue: () => 1 }
  const { reasons } = gate(request(bold, { incumbent: detector(good, 'good') }))
  const named = reasons.map((reason) => reason.split(':')[0])
  assert.ok(named.includes('threshold-jump') && named.includes('score-jump'), reasons.join('; '))
})

test('equal requests give equal answers', () => {
  const twice = [1, 2].map(() => gate(request(detector(good, 'good'))))
  assert.deepEqual(twice[0], twice[1])
})
