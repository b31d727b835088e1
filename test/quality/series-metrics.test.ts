// The metrics of series give the numbers of the programs that published results were made with.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { absent, readCsv, readText } from './datasets.ts'
import { nabAt, nabBest, nabProfiles } from './nab.ts'
import { pooled } from './pooled.ts'
import { nabMetrics, skabNames, skabSeries, smapNames, smapSeries } from './sensors.ts'
import { segmentsOf, volume, windowOf } from './vus.ts'

const skip = absent
const tolerance = 1e-6

function near(found: number, expected: number, what: string, within = tolerance): void {
  assert.ok(Math.abs(found - expected) <= within, `${what}: ${found}, expected ${expected}`)
}

test('segments are runs of label 1', () => {
  assert.deepEqual(segmentsOf([1, 1, 0, 1]), [
    { from: 0, to: 1 },
    { from: 3, to: 3 },
  ])
})

interface VolumeExpected {
  readonly window: number
  readonly expected: { readonly vus_pr: number; readonly vus_roc: number }
}

test('volumes under the surface, small cases', { skip }, () => {
  type Case = VolumeExpected & { name: string; label_segments: [number, number][]; rows: number; scores: number[] }
  const { cases }: { cases: Case[] } = JSON.parse(readText('golden/vus-synthetic.json'))
  assert.ok(cases.length >= 18)
  for (const { name, window, rows, label_segments, scores, expected } of cases) {
    const labels = new Uint8Array(rows)
    for (const [from, to] of label_segments) labels.fill(1, from, to + 1)
    const found = volume(scores, labels, window)
    near(found.pr, expected.vus_pr, `${name} PR`)
    near(found.roc, expected.vus_roc, `${name} ROC`)
  }
})

test('volumes under the surface, telemetry', { skip }, () => {
  type Case = VolumeExpected & { series: string; score: string }
  const { cases }: { cases: Case[] } = JSON.parse(readText('golden/vus-smap.json'))
  const stored = cases.filter(({ score }) => /^(zroll50|prefix|random)/.test(score)).slice(0, 8)
  assert.equal(stored.length, 8)
  for (const { series, score, window, expected } of stored) {
    const { header, rows } = readCsv(`golden/vus-scores/${series}.csv.gz`)
    const column = header.indexOf(score)
    const scores = rows.map((row) => row[column]!)
    const found = volume(scores, smapSeries(series).labels, window)
    near(found.pr, expected.vus_pr, `${series} ${score} PR`)
    near(found.roc, expected.vus_roc, `${series} ${score} ROC`)
  }
})

test('the window of each telemetry series', { skip }, () => {
  const { series }: { series: { series: string; window: number }[] } = JSON.parse(readText('golden/vus-window.json'))
  assert.equal(series.length, smapNames().length)
  for (const { series: name, window } of series) {
    const { rows, width } = smapSeries(name)
    const first = Float64Array.from({ length: rows.length / width }, (_, i) => rows[i * width]!)
    assert.equal(windowOf(first), window, name)
  }
})

test('the NAB score, best and at a fixed threshold', { skip }, () => {
  type Expected = {
    normalised: number
    threshold: number
    at_fixed_threshold: { normalised: number; threshold: number }
  }
  type Case = { detector: string; expected: Record<'standard' | 'low_fp' | 'low_fn', Expected> }
  const golden: { files: string[]; cases: Case[] } = JSON.parse(readText('golden/nab.json'))
  const metrics = nabMetrics()
  assert.deepEqual(metrics.map(({ name }) => name).sort(), [...golden.files].sort())
  const { rows } = readCsv('golden/nab-zscore100.csv.gz')
  const streams = metrics.map(({ name, windows }) => {
    const file = golden.files.indexOf(name)
    return { windows, scores: rows.filter((row) => row[0] === file).map((row) => row[1]!) }
  })
  const { expected } = golden.cases.find(({ detector }) => detector === 'zscore100')!
  const profiles = Object.keys(expected) as (keyof typeof expected)[]
  for (const [i, profile] of [nabProfiles.standard, nabProfiles.lowFalseAlerts, nabProfiles.lowMisses].entries()) {
    const wanted = expected[profiles[i]!]
    near(nabBest(streams, profile).normalised, wanted.normalised, `${profiles[i]} best`)
    const { threshold, normalised } = wanted.at_fixed_threshold
    near(nabAt(streams, profile, threshold).normalised, normalised, `${profiles[i]} at ${threshold}`)
  }
})

test('counts pooled over the valve series', { skip }, () => {
  type Case = { rule: string; expected: { f1: number; far_percent: number; mar_percent: number } }
  const { cases }: { cases: Case[] } = JSON.parse(readText('golden/skab.json'))
  const { expected } = cases.find(({ rule }) => rule === 'any-sensor-3-sigma')!
  const series = skabNames.map((name) => {
    const { rows, width, trainRows, labels } = skabSeries(name)
    const count = labels.length
    const alarms = new Array<boolean>(count).fill(false)
    for (let j = 0; j < width; j++) {
      const column = Float64Array.from({ length: count }, (_, i) => rows[i * width + j]!)
      const train = column.subarray(0, trainRows)
      const mean = train.reduce((sum, value) => sum + value, 0) / trainRows
      const deviation = Math.sqrt(train.reduce((sum, value) => sum + (value - mean) ** 2, 0) / trainRows)
      for (let i = 0; i < count; i++) alarms[i] ||= Math.abs(column[i]! - mean) / deviation > 3
    }
    return { alarms: alarms.slice(trainRows), labels: labels.subarray(trainRows) }
  })
  const found = pooled(series)
  near(found.f1, expected.f1, 'F1', 2e-4)
  near(found.falsePercent, expected.far_percent, 'false alarms', 0.05)
  near(found.missedPercent, expected.mar_percent, 'missed', 0.05)
})
