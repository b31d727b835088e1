// Sentence: what a person reads first of an alert, in one line: "amount 9,120, expected 84; 71 % of the score".

import type { Alert, FeatureFinding } from './alert-schema.ts'

const SIGNIFICANT_DIGITS = 4
const NAMED_MAX = 2
/** Where no feature contributes so much, many do, and none is to be named. */
const LEADING_MIN = 0.1

/** Names the leading feature, and the second where the first does not account for most of the score. */
export function sentence(alert: Alert): string {
  const [first, second] = alert.features
  if (first === undefined || first.contribution < LEADING_MIN) return 'no single feature stands out'
  const leading = first.contribution >= 0.5 || second === undefined
  const named = leading ? [first] : alert.features.slice(0, NAMED_MAX)
  return named.map(phrase).join('; ')
}

function phrase(finding: FeatureFinding): string {
  const { name, actual, expected } = finding
  const share = `${Math.round(finding.contribution * 100)} % of the score`
  const was = finding.imputed || actual === null ? 'missing' : quantity(actual)
  const wanted = expected === null ? '' : `, expected ${quantity(expected)}`
  return `${name} ${was}${wanted}; ${share}`
}

/** Digits in groups of three, at most four that count; very large and very small ones with an exponent. */
export function quantity(value: number | string): string {
  if (typeof value === 'string') return value
  if (value === 0) return '0'
  const size = Math.abs(value)
  if (size >= 1e12 || size < 1e-4) return value.toExponential(2)
  if (size >= 10 ** (SIGNIFICANT_DIGITS - 1)) return grouped(Math.round(value).toString())
  const rounded = Number(value.toPrecision(SIGNIFICANT_DIGITS - 1))
  return grouped(String(rounded))
}

function grouped(digits: string): string {
  const [whole = '', fraction] = digits.split('.')
  const spaced = whole.replace(/\B(?=(\d{3})+$)/g, ',')
  return fraction === undefined ? spaced : `${spaced}.${fraction}`
}
