// The simulated cards: the same for the same seed, in order, resumable, and with frauds that a customer's history shows.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { frauds } from '../../examples/card-transactions/customer.ts'
import { encodeCard, keyOf, paymentSchema } from '../../examples/card-transactions/payment.ts'
import { type CardEvent, type CardOptions, cardTransactions } from '../../examples/card-transactions/simulator.ts'
import { avroTypeOf } from '../../libs/codec/avro.ts'
import { parse } from '../../libs/stream/spec-parse.ts'
import { stream } from '../../libs/stream/stream-compile.ts'
import { root } from '../root.ts'

const folder = path.join(root, 'examples/card-transactions')
const read = (file: string): string => readFileSync(path.join(folder, file), 'utf8')

function take(count: number, options: CardOptions): CardEvent[] {
  const events = cardTransactions(options)
  return Array.from({ length: count }, () => events.next().value)
}

test('the schema file says what the records are', () => {
  assert.equal(read('transaction.avsc'), `${JSON.stringify(paymentSchema, null, 2)}\n`)
  const [event] = take(1, { seed: 1 })
  assert.ok(event)
  const decoded = avroTypeOf(read('transaction.avsc')).decode(encodeCard(event.record))
  assert.deepEqual(decoded, { kind: 'value', value: event.record })
  assert.equal(new TextDecoder().decode(keyOf(event.record)), event.record.customer_id)
})

test('the spec is one, and reads every field that it needs', () => {
  const spec = parse(read('stream.yaml'), 'stream.yaml', read)
  assert.equal(spec.stream, 'card-transactions')
  assert.equal(stream(spec).stepWidth, 12)
})

test('the seed decides everything', () => {
  assert.deepEqual(take(3000, { seed: 5 }), take(3000, { seed: 5 }))
  assert.notDeepEqual(take(10, { seed: 5 }), take(10, { seed: 6 }))
})

test('times never fall, numbers have no gaps, and passing over gives the same rest', () => {
  const all = take(5000, { seed: 7, customers: 50, fraudsPerDay: 0.05, honestDays: 3 })
  for (const [number, { record }] of all.entries()) {
    assert.equal(record.tx_id, `tx${number}`)
    assert.ok(record.tx_time >= (all[number - 1]?.record.tx_time ?? 0), `tx${number} is before its predecessor`)
  }
  assert.deepEqual(
    take(100, { seed: 7, customers: 50, fraudsPerDay: 0.05, honestDays: 3, from: 4000 }),
    all.slice(4000, 4100),
  )
})

test('the first days are honest, and nobody pays twice within minutes then', () => {
  const all = take(15_000, { seed: 3, fraudsPerDay: 0.5, honestDays: 20 })
  const start = all[0]?.record.tx_time ?? 0
  const honest = all.filter(({ record }) => record.tx_time - start < 19 * 86_400_000)
  assert.ok(honest.length > 5_000 && honest.every(({ fraud }) => fraud === null))
  assert.ok(all.some(({ fraud }) => fraud !== null))
  const last = new Map<string, number>()
  for (const { record } of honest) {
    assert.ok(record.tx_time - (last.get(record.customer_id) ?? 0) >= 300_000, record.tx_id)
    last.set(record.customer_id, record.tx_time)
  }
})

test('every pattern of fraud comes, and stands out against its customer', () => {
  const all = take(60_000, { seed: 11, honestDays: 0 })
  const usual = new Map<string, { sum: number; count: number }>()
  for (const { record, fraud } of all) {
    if (fraud !== null) continue
    const known = usual.get(record.customer_id) ?? { sum: 0, count: 0 }
    usual.set(record.customer_id, { sum: known.sum + record.amount, count: known.count + 1 })
  }
  const counts = new Map(frauds.map((kind) => [kind, 0]))
  for (const { record, fraud } of all) {
    if (fraud === null) continue
    counts.set(fraud, (counts.get(fraud) ?? 0) + 1)
    const { sum, count } = usual.get(record.customer_id) ?? { sum: 1, count: 1 }
    const hour = new Date(record.tx_time).getUTCHours()
    if (fraud === 'unusual-amount') assert.ok(record.amount > 3 * (sum / count), record.tx_id)
    if (fraud === 'burst') assert.ok(record.amount <= 3 && record.channel === 'online', record.tx_id)
    if (fraud === 'new-place') assert.ok(record.distance_km > 200 && hour < 9, record.tx_id)
  }
  for (const [kind, count] of counts) assert.ok(count >= 20, `${kind}: ${count}`)
  const share = all.filter(({ fraud }) => fraud !== null).length / all.length
  assert.ok(share > 0.002 && share < 0.01, `${share}`)
})
