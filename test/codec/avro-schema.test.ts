import assert from 'node:assert/strict'
import { test } from 'node:test'
import { avroTypeOf } from '../../libs/codec/avro.ts'
import { depthMax, fieldsMax, shapeOf, textBytesMax } from '../../libs/codec/avro-schema.ts'
import { Failure } from '../../libs/core/failure.ts'

function refusal(schema: unknown): string {
  try {
    avroTypeOf(typeof schema === 'string' ? schema : JSON.stringify(schema))
  } catch (thrown) {
    assert.ok(thrown instanceof Failure, String(thrown))
    assert.equal(thrown.code, 'schema-invalid')
    return thrown.message
  }
  return ''
}

function record(name: string, ...types: readonly unknown[]): object {
  return { type: 'record', name, fields: types.map((type, i) => ({ name: `f${i}`, type })) }
}

test('what a schema must not be is refused, and the place is named', () => {
  const cases: readonly [schema: unknown, message: RegExp][] = [
    ['{', /not JSON/],
    ['null', /is null, which is no type/],
    [{ type: 'strnig' }, /"strnig", which is not known/],
    [record('R', 'int', record('S', 'string', 'Missing')), /at f1\.f1 refers to "Missing"/],
    [record('R', record('R', 'int')), /at f0 defines R twice/],
    [
      {
        type: 'record',
        name: 'R',
        fields: [
          { name: 'a', type: 'int' },
          { name: 'a', type: 'int' },
        ],
      },
      /at a is there twice/,
    ],
    [{ type: 'record', name: 'R', fields: [{ type: 'int' }] }, /at fields\[0\] is a field without a name/],
    [{ type: 'record', name: 'R' }, /without a list of fields/],
    [{ type: 'record', name: 'int', fields: [] }, /name of a primitive/],
    [{ type: 'record', name: 'a b', fields: [] }, /no valid name/],
    [{ type: 'enum', name: 'E', symbols: [] }, /without symbols/],
    [{ type: 'enum', name: 'E', symbols: ['a', 1] }, /symbol that is no text/],
    [{ type: 'fixed', name: 'F', size: -1 }, /no number of bytes/],
    [{ type: 'fixed', name: 'F', size: 2 ** 31 }, /no number of bytes/],
    [record('R', []), /at f0 is a union of nothing/],
    [record('R', ['int', ['string']]), /at f0 is a union within a union/],
    [record('R', ['int', 'int']), /refused/],
    [{ type: 'enum', name: 'E', symbols: ['a-b'] }, /refused/],
    [{ type: 'constructor' }, /not known/],
    [record('R', 'constructor'), /refers to "constructor"/],
    [record('R', 'R'), /contain itself without an end/],
  ]
  for (const [schema, message] of cases) assert.match(refusal(schema), message, JSON.stringify(schema))
})

test('items that take no bytes are refused, however they are hidden', () => {
  const hidden: unknown[] = [
    { type: 'array', items: 'null' },
    { type: 'array', items: record('E') },
    { type: 'array', items: record('E', 'null', record('D')) },
    { type: 'array', items: { type: 'fixed', name: 'F', size: 0 } },
    { type: 'map', values: { type: 'array', items: 'null' } },
    ['null', { type: 'array', items: { type: 'array', items: 'null' } }],
    record('R', record('E', 'null'), { type: 'array', items: 'E' }),
  ]
  for (const type of hidden) assert.match(refusal(record('Outer', type)), /items take no bytes/, JSON.stringify(type))
  assert.equal(refusal(record('Outer', { type: 'array', items: record('E', 'null', 'boolean') })), '')
})

test('depth, fields, text and expansion have limits', () => {
  let deep: unknown = 'int'
  for (let i = 0; i < depthMax; i++) deep = { type: 'array', items: deep }
  assert.equal(refusal(deep), '')
  assert.match(refusal({ type: 'array', items: deep }), /nests deeper/)
  assert.match(refusal('{"type":"array","items":'.repeat(9000)), /not JSON/)
  assert.match(refusal(`${'['.repeat(100_000)}${']'.repeat(100_000)}`), /nests deeper/)

  assert.equal(refusal(record('R', ...Array(fieldsMax).fill('int'))), '')
  assert.match(refusal(record('R', ...Array(fieldsMax + 1).fill('int'))), /more than 1000/)
  assert.match(refusal(record('R', record('S', ...Array(fieldsMax).fill('int')))), /more than 1000/)
  assert.match(refusal(JSON.stringify({ type: 'string', doc: 'x'.repeat(textBytesMax) })), /larger than/)

  const doubling = [
    record('T0', 'null'),
    ...Array.from({ length: 30 }, (_, i) => record(`T${i + 1}`, `T${i}`, `T${i}`)),
  ]
  assert.match(refusal(record('R', ...doubling.map((type) => ['int', type]))), /stands for more than 10000 fields/)
  const fixed = [{ type: 'fixed', name: 'F', size: 1_048_576 }, ...Array(100).fill('F')]
  assert.match(refusal(record('R', ...fixed)), /bytes in every value/)
})

test('names resolve by namespace', () => {
  const shape = shapeOf(
    JSON.stringify({
      type: 'record',
      name: 'a.R',
      fields: [
        { name: 'x', type: { type: 'enum', name: 'E', symbols: ['p'] } },
        { name: 'y', type: { type: 'enum', name: 'E', namespace: 'b', symbols: ['q', 'r'] } },
        { name: 'z', type: 'E' },
        { name: 'w', type: 'b.E' },
        { name: 'v', type: ['null', 'a.R'] },
      ],
    }),
  )
  assert.equal(shape.kind, 'record')
  const symbols = shape.fields.map((field) =>
    field.shape.kind === 'enum' ? field.shape.symbols.join() : field.shape.kind,
  )
  assert.deepEqual(symbols, ['p', 'q,r', 'p', 'q,r', 'union'])
})
