// From columns back to values: what the fold would write is answered again.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { turn } from '../../libs/core/elementary.ts'
import { inverse, OTHER } from '../../libs/stream/inverse.ts'
import type { FeatureSpec, Period } from '../../libs/stream/spec.ts'
import type { FeatureLayout } from '../../libs/stream/stream.ts'
import { spanOf } from '../../libs/stream/stream-compile.ts'
import { transformed } from '../../libs/stream/transform.ts'

const entryOf = (spec: FeatureSpec): FeatureLayout => ({ spec, at: 1, span: spanOf(spec), want: 0 })
const said = (spec: FeatureSpec, ...columns: number[]): number | string =>
  inverse(entryOf(spec), Float32Array.from([Number.NaN, Number.NaN, 77, ...columns]), 2)

test('transforms are undone, up to a 32-bit float', () => {
  fc.assert(
    fc.property(
      fc.double({ min: -1e6, max: 1e6, noNaN: true }),
      fc.constantFrom('none', 'log1p', 'sqrt'),
      (x, transform) => {
        const back = said({ kind: 'number', name: 'f', field: 'x', transform }, transformed(transform, x))
        assert.ok(typeof back === 'number' && Math.abs(back - x) <= 2e-6 * (1 + Math.abs(x)) * 16)
      },
    ),
  )
})

test('phases are read in units of their own', () => {
  const thursday = Date.UTC(2026, 0, 1, 15, 45)
  const cases: readonly [period: Period, periodMs: number, expected: number][] = [
    ['hour', 3_600_000, 45],
    ['day', 86_400_000, 15.75],
    ['week', 7 * 86_400_000, 3 + 15.75 / 24],
  ]
  for (const [period, periodMs, expected] of cases) {
    const phase = thursday / periodMs
    const back = said({ kind: 'cyclic', name: 'f', field: 'x', period }, turn(phase, 'sin'), turn(phase, 'cos'))
    assert.ok(typeof back === 'number' && Math.abs(back - expected) < 1e-4, `${period}: ${back}`)
  }
  const phase = Date.UTC(2026, 0, 31) / (365.2425 * 86_400_000)
  const day = said({ kind: 'cyclic', name: 'f', field: 'x', period: 'year' }, turn(phase, 'sin'), turn(phase, 'cos'))
  assert.ok(typeof day === 'number' && Math.abs(day - 30) < 1, `${day}`)
})

test('a category is the greatest column, or the other that is left over', () => {
  const channel: FeatureSpec = { kind: 'one-hot', name: 'f', field: 'x', values: ['chip', 'online'] }
  assert.equal(said(channel, 0, 1), 'online')
  assert.equal(said(channel, 0, 0), OTHER)
  assert.equal(said(channel, 0.6, 0.3), 'chip')
  assert.equal(said(channel, 0.2, 0.25), OTHER)
})

test('missing stays missing', () => {
  const { NaN: nan } = Number
  assert.ok(Number.isNaN(said({ kind: 'since-last', name: 'f', transform: 'log1p' }, nan)))
  assert.ok(Number.isNaN(said({ kind: 'one-hot', name: 'f', field: 'x', values: ['a', 'b'] }, nan, nan)))
  assert.ok(Number.isNaN(said({ kind: 'cyclic', name: 'f', field: 'x', period: 'day' }, nan, nan)))
})
