import assert from 'node:assert/strict'
import test from 'node:test'
import { alertIn } from '../../libs/alert/alert-message.ts'
import { textHash } from '../../libs/core/hash.ts'
import { recordsOf } from '../../libs/core/records.ts'
import { detector } from '../../libs/detector/load.ts'
import type { KeyFactors } from '../../libs/detector/model.ts'
import { Memory, names, payments, paymentsModel, restoredTask } from './judging.ts'

const WHOLE = 1_000

async function alertsBy(keys: KeyFactors | null) {
  const memory = new Memory()
  memory.append('payments', 0, payments(4_000, 11))
  const model = paymentsModel(1)
  const judge = detector({ ...model, calibration: { ...model.calibration, keys } }, 'v1')
  const { task } = await restoredTask(memory, null, { detector: judge, threshold: WHOLE })
  const { outputs } = task.step(recordsOf(memory.all('payments', 0)), 0)
  return outputs.filter(({ topic }) => topic === names.alerts).map(({ value, headers }) => alertIn(value, headers))
}

function factors(of: Readonly<Record<string, number>>): KeyFactors {
  const pairs = Object.entries(of).map(([key, factor]) => [textHash(key), factor] as const)
  pairs.sort(([a], [b]) => a - b)
  return {
    hashes: Uint32Array.from(pairs, ([hash]) => hash),
    factors: Float32Array.from(pairs, ([, factor]) => factor),
  }
}

test('a key is judged by its own threshold, which its alerts state; others by that of the whole', async () => {
  const whole = await alertsBy(null)
  const of = (alerts: typeof whole, key: string) => alerts.filter((alert) => alert.key === key)
  const keys = [...new Set(whole.map(({ key }) => key))]
  const [loud = '', quiet = ''] = keys.sort((a, b) => of(whole, b).length - of(whole, a).length)
  const scores = of(whole, loud).map(({ score }) => score)
  const factor = Math.fround((Math.min(...scores) + 1) / WHOLE)
  const own = await alertsBy(factors({ [loud]: factor, [quiet]: 0.5 }))
  const left = of(whole, loud).filter(({ score }) => score > WHOLE * factor)
  assert.ok(left.length < of(whole, loud).length, 'something is excused')
  assert.deepEqual(
    of(own, loud).map(({ id }) => id),
    left.map(({ id }) => id),
  )
  assert.ok(of(own, loud).every(({ threshold }) => threshold === WHOLE * factor))
  assert.ok(of(own, quiet).length > of(whole, quiet).length, 'a quiet key alarms earlier')
  assert.ok(of(own, quiet).every(({ threshold, score }) => threshold === WHOLE / 2 && score > threshold))
  const rest = (alerts: typeof whole) => alerts.filter(({ key }) => key !== loud && key !== quiet)
  assert.deepEqual(rest(own), rest(whole))
})
