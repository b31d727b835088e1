import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Detector } from '../../libs/detector/detector.ts'
import { type Feedback, type GateRequest, gate, gateReasons } from '../../libs/detector/gate.ts'
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
  assert.deepEqual(Object.keys(result.numbers), [
    'rows',
    'alpha',
    'seed',
    'alarmRate',
    'recall',
    'recallOfRobustZ',
    'lost',
  ])
})

test('an equal detector may replace its equal', () => {
  const result = gate(request(detector(good, 'good'), { incumbent: detector(good, 'same') }))
  assert.equal(result.verdict, 'promote', result.reasons.join('; '))
  const { candidate, incumbent } = result.numbers['thresholdOverMedian'] as { candidate: number; incumbent: number }
  assert.equal(candidate, incumbent)
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
  const deaf = withThreshold(good, good.calibration.threshold * 1e6)
  assert.equal(gate(request(quiet, { incumbent: deaf })).verdict, 'promote', 'it finds more all the same')
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

test('what finds more than a spoilt incumbent is cleared of the jump of its threshold', () => {
  const spoilt = withThreshold(good, good.calibration.threshold * 50)
  const result = gate(request(detector(good, 'good'), { incumbent: spoilt }))
  assert.equal(result.verdict, 'promote', result.reasons.join('; '))
})

test('what alarms too often may still replace what alarms more than twice as often', () => {
  const often = withThreshold(good, good.calibration.threshold * 0.5)
  const always = withThreshold(good, 0)
  assert.equal(gate(request(often, { incumbent: detector(good, 'good') })).refusedBy, 'alarm-rate')
  assert.ok(!gate(request(often, { incumbent: always })).reasons.some((reason) => reason.startsWith('alarm-rate')))
})

/** Rows far from normal. */
function far(count: number, factor: number): Float32Array {
  return planted(count, width, 77).map((value) => value * factor + factor)
}

test('a canary that the incumbent finds must not be lost; one that it misses as well may be', () => {
  const canaries = { rows: far(6, 20), count: 6 }
  const deaf = withThreshold(good, good.calibration.threshold * 1e6)
  const incumbent = detector(good, 'good')
  const lost = gate(request(deaf, { incumbent, canaries }))
  assert.ok(lost.reasons.includes('canary: 6 of 6 canaries are found no more'), lost.reasons.join('; '))
  assert.deepEqual(lost.numbers['canaries'], { count: 6, lost: 6 })
  assert.equal(gate(request(detector(good, 'same'), { incumbent, canaries })).verdict, 'promote')
  assert.deepEqual(gate(request(deaf, { incumbent: deaf, canaries })).numbers['canaries'], { count: 6, lost: 0 })
  assert.ok(gate(request(deaf, { canaries })).reasons.some((reason) => reason.startsWith('canary: ')))
})

test('labels: anomalies lost and normal rows that alarm are refused, with few labels or a few lost they are not', () => {
  const incumbent = detector(good, 'good')
  const named = (candidate: Detector, feedback: Feedback): boolean =>
    gate(request(candidate, { incumbent, feedback })).reasons.some((reason) => reason.startsWith('feedback: '))
  const labelled = (rows: Float32Array, label: 0 | 1): Feedback => {
    const count = rows.length / width
    return { rows, count, anomalous: new Uint8Array(count).fill(label) }
  }
  const deaf = withThreshold(good, good.calibration.threshold * 1e6)
  const shrill = withThreshold(good, 0)
  assert.ok(named(deaf, labelled(far(30, 20), 1)))
  assert.ok(named(shrill, labelled(planted(30, width, 8), 0)))
  assert.ok(!named(deaf, labelled(far(1, 20), 1)))
  assert.ok(!named(incumbent, labelled(far(30, 20), 0)))
})

test('labels: what is gained on normal rows does not make up for anomalies that are lost', () => {
  const incumbent = withThreshold(good, 0)
  const candidate = withThreshold(good, good.calibration.threshold * 1e6)
  const rows = Float32Array.from([...planted(60, width, 8), ...far(20, 20)])
  const anomalous = Uint8Array.from({ length: 80 }, (_, i) => (i < 60 ? 0 : 1))
  const { reasons, numbers } = gate(request(candidate, { incumbent, feedback: { rows, count: 80, anomalous } }))
  assert.ok(
    reasons.some((reason) => /^feedback: answers 0.00 % of 20 rows that people called anomaly/.test(reason)),
    reasons.join('; '),
  )
  assert.deepEqual(numbers['feedback'], {
    anomaly: { rows: 20, right: 0, rightOfIncumbent: 1 },
    normal: { rows: 60, right: 1, rightOfIncumbent: 0 },
  })
})

test('every reason is of the closed list, and so is the first', () => {
  const deaf = withThreshold(good, good.calibration.threshold * 1e6)
  const { reasons, refusedBy } = gate(request(deaf, { incumbent: detector(good, 'good') }))
  assert.ok(reasons.length > 1)
  for (const reason of reasons)
    assert.ok(
      gateReasons.some((known) => known === reason.split(':')[0]),
      reason,
    )
  assert.ok(reasons[0]?.startsWith(`${refusedBy}: `))
})

test('equal requests give equal answers', () => {
  const twice = [1, 2].map(() => gate(request(detector(good, 'good'))))
  assert.deepEqual(twice[0], twice[1])
})

test('rows of a key that is excused are counted as they are judged', () => {
  const loud: Detector = {
    ...detector(good, 'loud'),
    score: (count, scores) => {
      for (let i = 0; i < count; i++) scores[i] = i % 4 === 0 ? 2 : 0.5
    },
    threshold: 1,
  }
  const factors = Float32Array.from({ length: 1000 }, (_, i) => (i % 4 === 0 ? 3 : 1))
  const rateOf = (more: Partial<GateRequest>): number =>
    (gate(request(loud, more)).numbers['alarmRate'] as { rate: number }).rate
  assert.equal(rateOf({}), 0.25)
  assert.equal(rateOf({ factors: { candidate: factors, incumbent: null } }), 0)
})
