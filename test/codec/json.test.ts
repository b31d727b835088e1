import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Columns, type Want } from '../../libs/codec/columns.ts'
import { jsonDecoder } from '../../libs/codec/json.ts'
import { recordsOf } from '../../libs/core/records.ts'
import { reasonOf } from '../../libs/core/verdict.ts'

const wants: Want[] = [
  { kind: 'number', field: 'a', parse: 'number' },
  { kind: 'category', field: 'c', values: ['x', 'é', '7', 'true'] },
  { kind: 'text', field: 't' },
  { kind: 'number', field: 'time', parse: 'iso' },
  { kind: 'number', field: 'deep.er', parse: 'number' },
]

interface Row {
  readonly fault: string
  readonly a: number | undefined
  readonly c: number | undefined
  readonly t: string | null
  readonly time: number | undefined
  readonly deep: number | undefined
}

function decoded(...texts: readonly (string | Uint8Array)[]): Row[] {
  const records = recordsOf(texts.map((text) => ({ key: null, value: Buffer.from(text), timestampMs: 0 })))
  const columns = new Columns(wants, texts.length)
  assert.equal(jsonDecoder(wants).decode(records, 0, texts.length, columns), texts.length)
  return texts.map((_, row) => {
    const length = columns.textLength[2]?.[row] ?? -1
    const at = columns.textAt[2]?.[row] ?? 0
    const bytes = columns.textScratch[2]?.[row] === 1 ? columns.scratch : records.bytes
    return {
      fault: reasonOf(columns.faults[row] ?? 0) ?? '',
      a: columns.numbers[0]?.[row],
      c: columns.codes[1]?.[row],
      t: length < 0 ? null : new TextDecoder().decode(bytes.subarray(at, at + length)),
      time: columns.numbers[3]?.[row],
      deep: columns.numbers[4]?.[row],
    }
  })
}

test('wanted fields arrive in columns', () => {
  const text =
    '{"x":[1,{"a":9}],"a":-12.5e1,"c":"\\u00e9","t":"q\\"\\n","time":"1970-01-01T00:00:01.5Z","deep":{"er":3}}'
  assert.deepEqual(decoded(text, '{}'), [
    { fault: '', a: -125, c: 1, t: 'q"\n', time: 1500, deep: 3 },
    { fault: '', a: Number.NaN, c: -2, t: null, time: Number.NaN, deep: Number.NaN },
  ])
})

test('of equal keys the last one counts, with all it holds', () => {
  assert.equal(decoded('{"a":"bad","a":2}')[0]?.fault, '')
  assert.equal(decoded('{"a":1,"a":"bad"}')[0]?.fault, 'undecodable')
  assert.equal(decoded('{"a":1,"a":null}')[0]?.a, Number.NaN)
  assert.equal(decoded('{"a":1,"\\u0061":5}')[0]?.a, 5)
  assert.equal(decoded('{"deep":{"er":1},"deep":{}}')[0]?.deep, Number.NaN)
  assert.equal(decoded('{"deep":{"er":1},"deep":null}')[0]?.deep, Number.NaN)
})

test('numbers that no double holds are named', () => {
  assert.deepEqual(
    decoded('{"a":1e400}', '{"a":9007199254740993}', '{"a":-9007199254740991}', '{"a":1e20}').map((row) => row.fault),
    ['not-finite', 'imprecise', '', ''],
  )
})
