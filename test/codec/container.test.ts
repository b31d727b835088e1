import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateRawSync } from 'node:zlib'
import { avroType } from '../../libs/codec/avro.ts'
import { isContainer, readContainer } from '../../libs/codec/container.ts'
import { writtenLong } from '../../libs/codec/varint.ts'
import { Failure } from '../../libs/core/failure.ts'

const type = avroType({
  type: 'record',
  name: 'R',
  fields: [
    { name: 'a', type: 'string' },
    { name: 'b', type: { type: 'array', items: 'int' } },
  ],
})
const values = Array.from({ length: 25 }, (_, i) => type.encode({ a: `record ${i}`, b: Array(i % 4).fill(i) }))
const sync = Buffer.from('0123456789abcdef')

function entry(name: string, value: string): Buffer {
  return Buffer.concat([writtenLong(name.length), Buffer.from(name), writtenLong(value.length), Buffer.from(value)])
}

function file(
  codec: string,
  blocks: readonly (readonly [count: number, data: Uint8Array])[],
  schema = type.text,
): Buffer {
  const header = [Buffer.from('Obj\u0001'), writtenLong(2), entry('avro.schema', schema), entry('avro.codec', codec)]
  const body = blocks.flatMap(([count, data]) => {
    const packed = codec === 'deflate' ? deflateRawSync(data) : data
    return [writtenLong(count), writtenLong(packed.length), packed, sync]
  })
  return Buffer.concat([...header, writtenLong(0), sync, ...body])
}

const blocks = [
  [10, Buffer.concat(values.slice(0, 10))],
  [15, Buffer.concat(values.slice(10))],
] as const

function refusal(bytes: Uint8Array): string {
  try {
    readContainer(bytes)
  } catch (thrown) {
    assert.ok(thrown instanceof Failure, String(thrown))
    return `${thrown.code}: ${thrown.message}`
  }
  return ''
}

test('the values of a file are those that were written, by either codec', () => {
  for (const codec of ['null', 'deflate']) {
    const { schemaText, values: read } = readContainer(file(codec, blocks))
    assert.equal(schemaText, type.text)
    assert.deepEqual(
      read.map((value) => type.decode(value)),
      values.map((value) => type.decode(value)),
    )
  }
  assert.deepEqual(readContainer(file('null', [])).values, [])
  assert.equal(isContainer(file('null', [])), true)
  assert.equal(isContainer(Buffer.from('{}')), false)
})

test('a file that ends early or was damaged is refused or read otherwise, and never throws but a Failure', () => {
  const whole = file('null', blocks)
  const ends = new Set<number>([file('null', []).length, file('null', blocks.slice(0, 1)).length, whole.length])
  for (let length = 0; length <= whole.length; length++) {
    assert.equal(refusal(whole.subarray(0, length)) === '', ends.has(length), `${length} bytes`)
  }
  for (const codec of ['null', 'deflate']) {
    const bytes = file(codec, blocks)
    for (let at = 0; at < bytes.length; at++) {
      const damaged = Buffer.from(bytes)
      damaged[at] = 255 - (damaged[at] ?? 0)
      refusal(damaged)
    }
  }
})

test('what is refused says why', () => {
  const first = blocks[0][1]
  assert.match(refusal(Buffer.from('PAR1')), /no Avro container file/)
  assert.match(refusal(file('snappy', blocks)), /compressed with snappy; write it with the codec null or deflate/)
  assert.match(refusal(file('null', [[11, first]])), /does not follow its schema in block 0, record 10/)
  assert.match(refusal(file('null', [[9, first]])), /bytes after the records of block 0/)
  assert.match(refusal(file('null', [[-1, first]])), /records/)
  assert.match(refusal(file('null', [[2 ** 50, first]])), /more than \d+ records/)
  assert.match(refusal(file('null', blocks, '{"type":"array","items":"null"}')), /schema-invalid: .*no bytes/)
  assert.match(
    refusal(file('null', [[1_000_000, Buffer.alloc(0)]], '{"type":"record","name":"E","fields":[]}')),
    /block 0, record 0/,
  )
})

test('a block that inflates beyond the limit is refused', () => {
  const bomb = deflateRawSync(Buffer.alloc(300_000_000))
  const head = file('deflate', [])
  const bytes = Buffer.concat([head, writtenLong(1), writtenLong(bomb.length), bomb, sync])
  assert.match(refusal(bytes), /cannot be inflated in block 0/)
})
