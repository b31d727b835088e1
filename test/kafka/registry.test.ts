// The registry's client and the decoder that asks it, against a real registry.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { avroTypeOf } from '../../libs/codec/avro.ts'
import { Columns, type Want } from '../../libs/codec/columns.ts'
import { registryDecoder } from '../../libs/codec/projection.ts'
import { type Registry, registry } from '../../libs/codec/registry.ts'
import { Failure } from '../../libs/core/failure.ts'
import { recordsOf } from '../../libs/core/records.ts'
import { reasonOf } from '../../libs/core/verdict.ts'
import { confluentFramed } from '../codec/framed.ts'
import { realRegistry } from './apicurio.ts'

function client(url: string): Registry {
  return registry({
    url,
    fetch,
    headers: {},
    cacheMax: 100,
    absentMsMax: 1000,
    timeoutMs: 10_000,
    nowMs: () => performance.now(),
    sleep: (ms) => wait(ms),
  })
}

function schemaOf(...fields: readonly object[]): string {
  return JSON.stringify({ type: 'record', name: 'Payment', namespace: 'shop', fields })
}

const earlier = schemaOf({ name: 'id', type: 'string' }, { name: 'amount', type: 'double' })
const later = schemaOf(
  { name: 'note', type: ['null', 'string'], default: null },
  { name: 'id', type: 'string' },
  { name: 'amount', type: 'double' },
)
const incompatible = schemaOf(
  { name: 'id', type: 'string' },
  { name: 'amount', type: 'double' },
  { name: 'must', type: 'int' },
)

test('schemas are registered, found by id, refused and absent as a real registry says', async (t) => {
  const found = await realRegistry()
  if (found.kind === 'none') return t.skip(found.reason)
  t.after(() => found.stop())
  const it = client(found.url)

  const subject = 'payments-value'
  const first = await it.register(subject, earlier)
  // This registry checks nothing unless it is told to.
  const put = { method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{"compatibility":"BACKWARD"}' }
  assert.equal((await fetch(`${found.url}/config/${subject}`, put)).status, 200)
  const second = await it.register(subject, later)
  assert.notEqual(first, second)
  assert.equal(await it.register(subject, earlier), first)
  await assert.rejects(it.register(subject, incompatible), (thrown: unknown) => {
    return thrown instanceof Failure && thrown.code === 'registry-refused' && thrown.message.includes('409')
  })
  await assert.rejects(it.register(subject, '{"type":"nonsense"}'), (thrown: unknown) => {
    return thrown instanceof Failure && thrown.code === 'registry-refused'
  })
  assert.deepEqual(JSON.parse(await client(found.url).schema(first)), JSON.parse(earlier))
  assert.equal(await it.schema(987_654), 'absent')

  const wants: Want[] = [{ kind: 'number', field: 'amount', parse: 'number' }]
  const values = [
    confluentFramed(first, avroTypeOf(earlier).encode({ id: 'a', amount: 1.5 })),
    confluentFramed(second, avroTypeOf(later).encode({ note: 'x', id: 'b', amount: 2.5 })),
    confluentFramed(987_654, Uint8Array.of(1)),
    confluentFramed(first, avroTypeOf(earlier).encode({ id: 'c', amount: 3.5 })),
  ]
  const records = recordsOf(values.map((value) => ({ key: null, value, timestampMs: 0 })))
  const decoder = registryDecoder(wants)
  const columns = new Columns(wants, values.length)
  while (decoder.decode(records, 0, values.length, columns) < values.length) {
    const id = decoder.need?.id ?? 0
    decoder.supply(id, await it.schema(id))
  }
  const rows = values.map((_, row) => reasonOf(columns.faults[row] ?? 0) ?? columns.numbers[0]?.[row])
  assert.deepEqual(rows, [1.5, 2.5, 'unknown-schema', 3.5])
})
