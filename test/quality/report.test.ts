import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Measured } from './measure.ts'
import { report, withMeasured } from './report.ts'

function run(set: string, seed: number, auroc: number, ratio: number): Measured {
  return {
    set,
    seed,
    rows: 100,
    auroc,
    averagePrecision: 0.5,
    f1AtN: 0.25,
    cardPrecision: set === 'card' ? 0.26 : Number.NaN,
    alarmRatio: ratio,
    alarmRatioShuffled: seed === 0 ? 1.1 : Number.NaN,
    fitSeconds: 2,
    scoreMicroseconds: 1.5,
  }
}

test('a report gives means over seeds with their spread, the median of the budget, and leaves out what was not measured', () => {
  const text = report(
    [run('a', 0, 0.8, 1), run('a', 1, 0.9, 2), run('b', 0, 0.6, 3), run('b', 1, 0.7, 3)],
    'denoising',
    'it',
  )
  assert.ok(text.includes('| a | 100 | 85.00 ± 5.00 | 50.00 ± 0.00 | 25.0 | 2.0 | 1.50 |'), text)
  assert.ok(text.includes('| **this kind, mean of 2 tables** | 75.00 ± 5.00 | 50.00 ± 0.00 |'), text)
  assert.ok(text.includes('| **median** | 2.25 | 1.10 |'), text)
  assert.ok(!text.includes('card payments'))
  assert.ok(report([run('card', 0, 0.86, 1)], 'denoising', 'it').includes('| 0.860 | 0.500 | 0.260 |'))
})

test('only what lies between the markers is replaced', () => {
  const document = 'before\n<!-- measured: begin -->\nold\n<!-- measured: end -->\nafter\n'
  const expected = 'before\n<!-- measured: begin -->\n\nnew\n\n<!-- measured: end -->\nafter\n'
  assert.equal(withMeasured(document, 'new'), expected)
  assert.equal(withMeasured(expected, 'new'), expected)
  assert.throws(() => withMeasured('no markers', 'new'))
})
