import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { alertOf } from '../../libs/alert/alert.ts'
import { anyAnomaly, avroCards, cards, payment, servers } from './anomalies.ts'

describe('alert', () => {
  test('says who, where, how much and what was expected instead, in original units', () => {
    const alert = alertOf(payment())
    const id = createHash('sha256').update('cards\0transactions\x002\x0041').digest('hex').slice(0, 32)
    const { features, ...rest } = alert
    assert.deepEqual(rest, {
      id,
      stream: 'cards',
      topic: 'transactions',
      partition: 2,
      offset: 41,
      key: 'customer-7',
      eventTime: 1_700_000_000_123,
      score: 8,
      threshold: 4,
      pValue: 0.0005,
      severity: 'major',
      onset: 0,
      detector: 'f'.repeat(64),
      revision: cards.revision,
      incident: null,
      provisional: false,
    })
    assert.deepEqual(
      features.map(({ name, actual, expected }) => [name, rounded(actual), rounded(expected)]),
      [
        ['amount', 9120, 84],
        ['hour', 12, 12],
        ['channel', 'chip', 'online'],
      ],
    )
    assert.deepEqual(
      features.map((each) => Number(each.contribution.toFixed(4))),
      [0.71, 0.15, 0.14],
    )
  })

  test('ids differ where any part of the position differs, and nothing else matters', () => {
    const ids = [
      payment(),
      payment({ offset: 42 }),
      payment({ partition: 3 }),
      payment({ stream: servers, row: new Float32Array(6) }),
      payment({ offset: 1, partition: 24 }),
    ].map((each) => alertOf(each).id)
    assert.equal(new Set(ids).size, ids.length)
    assert.equal(alertOf(payment({ score: 99, version: 'other', key: 'k', stream: avroCards })).id, ids[0])
  })

  test('severity follows the ratio of score to threshold', () => {
    const severity = (score: number, threshold: number): string => alertOf(payment({ score, threshold })).severity
    assert.deepEqual(
      [4.1, 5.9, 6, 11.9, 12, 1e9].map((score) => severity(score, 4)),
      ['minor', 'minor', 'major', 'major', 'critical', 'critical'],
    )
    assert.equal(severity(0.1, 0), 'critical')
  })

  test('a missing value is null and imputed, and keeps what was expected', () => {
    const row = Float32Array.of(Number.NaN, 0, -1, 1, 0)
    const { explanation } = payment()
    const imputed = Uint8Array.of(1, 0, 0, 0, 0)
    const [amount] = alertOf(payment({ row, explanation: { ...explanation, imputed } })).features
    assert.equal(amount?.actual, null)
    assert.equal(amount?.imputed, true)
    assert.equal(rounded(amount?.expected ?? null), 84)
  })

  test('names at most as many features as the spec asks for, and none that contributed nothing', () => {
    const { explanation } = payment()
    const contributions = Float32Array.of(0.4, 0, 0, 0.6, 0)
    const names = (explain: number): string[] => {
      const stream = { ...cards, spec: { ...cards.spec, alerts: { format: 'json' as const, explain } } }
      return alertOf(payment({ stream, explanation: { ...explanation, contributions } })).features.map((f) => f.name)
    }
    assert.deepEqual(names(5), ['channel', 'amount'])
    assert.deepEqual(names(1), ['channel'])
    const nothing = { ...explanation, contributions: new Float32Array(5) }
    assert.deepEqual(alertOf(payment({ explanation: nothing })).features, [])
  })

  test('in a window, onset is where it began, and a feature shows the step where it deviates most', () => {
    const explained = (...contributions: number[]) => {
      const row = Float32Array.of(1, 2, 30, 4, 5, 6)
      const expected = Float32Array.of(1.5, 2.5, 3.5, 4.5, 5.5, 6.5)
      const explanation = { contributions: Float32Array.from(contributions), expected, imputed: new Uint8Array(6) }
      return alertOf(payment({ stream: servers, row, explanation }))
    }
    const past = explained(0, 0, 0.75, 0, 0, 0.25)
    assert.equal(past.onset, 1)
    assert.deepEqual(past.features, [
      { name: 'load', actual: 30, expected: 3.5, contribution: 0.75, imputed: false, back: 1 },
      { name: 'fan', actual: 6, expected: 6.5, contribution: 0.25, imputed: false, back: 0 },
    ])
    assert.equal(explained(0, 0, 0, 0, 0.5, 0.5).onset, 0)
    assert.equal(explained(0.25, 0, 0.35, 0, 0.4, 0).onset, 2)
    assert.equal(explained(0, 0, 0, 0, 0, 0).onset, 0)
  })

  test('every number is finite, whatever the record and the detector say', () => {
    fc.assert(
      fc.property(anyAnomaly, (anomaly) => {
        const alert = alertOf(anomaly)
        assert.ok(Number.isSafeInteger(alert.eventTime))
        for (const { actual, expected, contribution } of alert.features) {
          for (const each of [actual, expected, contribution]) {
            assert.ok(each === null || typeof each === 'string' || Number.isFinite(each))
          }
        }
        const shares = alert.features.map((each) => each.contribution)
        assert.deepEqual(
          shares,
          shares.toSorted((a, b) => b - a),
        )
      }),
    )
  })
})

function rounded(value: number | string | null): number | string | null {
  return typeof value === 'number' ? Number(value.toFixed(2)) : value
}
