// Elementary functions against Math's, over sweeps of their ranges. Units in the last place are counted between doubles.

import assert from 'node:assert/strict'
import test from 'node:test'
import { exp, exp2, expm1, log, log1p, phaseOf, turn } from '../../libs/core/elementary.ts'
import { Random } from '../../libs/core/random.ts'

const random = new Random(Number(process.env['PLUMBLINE_TEST_SEED'] ?? 5))
const samples = 20_000

/** |a − b| in units of b's last place. */
function places(a: number, b: number): number {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return 0
  const unit = 2 ** (Math.floor(Math.log2(Math.abs(b))) - 52)
  return Math.abs(a - b) / unit
}

function sweep(
  draw: () => number,
  ours: (x: number) => number,
  theirs: (x: number) => number,
  placesMax: number,
): void {
  let worst = 0
  let at = 0
  for (let i = 0; i < samples; i++) {
    const x = draw()
    const off = places(ours(x), theirs(x))
    if (off > worst) {
      worst = off
      at = x
    }
  }
  assert.ok(worst <= placesMax, `${worst} places off at ${at}: ${ours(at)} for ${theirs(at)}`)
}

test('log and log1p', () => {
  sweep(() => Math.exp(-700 + 1400 * random.uniform()), log, Math.log, 4)
  sweep(() => 1 + (random.uniform() - 0.5) * 1e-3, log, Math.log, 4)
  sweep(() => random.uniform() * 10 ** (random.integer(20) - 10), log1p, Math.log1p, 4)
  sweep(() => -0.9 * random.uniform(), log1p, Math.log1p, 4)
  assert.equal(log(1), 0)
  assert.equal(log(0), Number.NEGATIVE_INFINITY)
  assert.ok(Number.isNaN(log(-1)))
  assert.equal(log(Number.POSITIVE_INFINITY), Number.POSITIVE_INFINITY)
  assert.equal(log(5e-324), Math.log(5e-324))
})

test('exp, expm1 and exp2', () => {
  sweep(() => -700 + 1400 * random.uniform(), exp, Math.exp, 4)
  sweep(() => (random.uniform() - 0.5) * 0.7, expm1, Math.expm1, 4)
  sweep(
    () => -500 + 1000 * random.uniform(),
    exp2,
    (x) => 2 ** x,
    4,
  )
  assert.equal(exp(0), 1)
  assert.equal(exp(800), Number.POSITIVE_INFINITY)
  assert.equal(exp(-800), 0)
  assert.equal(exp2(-3), 0.125)
})

test('turn is sine and cosine of a full turn, and phaseOf takes it back', () => {
  for (let i = 0; i < samples; i++) {
    const fraction = (random.uniform() - 0.5) * 1000
    const angle = 2 * Math.PI * (fraction - Math.floor(fraction))
    assert.ok(Math.abs(turn(fraction, 'sin') - Math.sin(angle)) < 1e-15 * 8)
    assert.ok(Math.abs(turn(fraction, 'cos') - Math.cos(angle)) < 1e-15 * 8)
    const phase = phaseOf(3 * turn(fraction, 'sin'), 3 * turn(fraction, 'cos'))
    const away = Math.abs(phase - (fraction - Math.floor(fraction)))
    assert.ok(Math.min(away, 1 - away) < 1e-7, `${phase} for ${fraction}`)
  }
  assert.deepEqual([turn(0, 'sin'), turn(0.25, 'sin'), turn(0.5, 'cos')], [0, 1, -1])
})
