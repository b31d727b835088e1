import assert from 'node:assert/strict'
import { test } from 'node:test'
import { alertOf } from '../../libs/alert/alert.ts'
import { quantity, sentence } from '../../libs/alert/sentence.ts'
import { payment } from './anomalies.ts'

test('one leading feature is named alone', () => {
  assert.equal(sentence(alertOf(payment())), 'amount 9,120, expected 84; 71 % of the score')
})

test('without a leading feature two are named, a missing value is called missing', () => {
  const { explanation } = payment()
  const contributions = Float32Array.of(0.4, 0.25, 0, 0.35, 0)
  const row = Float32Array.of(Number.NaN, 0, -1, 1, 0)
  const imputed = Uint8Array.of(1, 0, 0, 0, 0)
  const alert = alertOf(payment({ row, explanation: { ...explanation, contributions, imputed } }))
  assert.equal(
    sentence(alert),
    'amount missing, expected 84; 40 % of the score; channel chip, expected online; 35 % of the score',
  )
})

test('an alert that nothing explains says so', () => {
  const alert = alertOf(payment())
  assert.equal(sentence({ ...alert, features: [] }), 'no single feature stands out')
  const shared = (contribution: number): string =>
    sentence({ ...alert, features: alert.features.map((finding) => ({ ...finding, contribution })) })
  assert.equal(shared(0.09), 'no single feature stands out')
  assert.match(shared(0.1), /^amount 9,120, expected 84; 10 % of the score; /)
})

test('quantities are short and grouped', () => {
  const said: [number | string, string][] = [
    [0, '0'],
    [84, '84'],
    [84.04, '84'],
    [84.46, '84.5'],
    [0.12345, '0.123'],
    [999.6, '1,000'],
    [9120, '9,120'],
    [-1234567.8, '-1,234,568'],
    [2.5e15, '2.50e+15'],
    [-0.00001, '-1.00e-5'],
    ['online', 'online'],
  ]
  for (const [value, expected] of said) assert.equal(quantity(value), expected)
})
