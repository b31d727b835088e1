// The reader against what the writer was given, over codecs, nulls, headers, transactions and hostile bytes.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { compressFrameSync } from 'lz4-napi'
import { compress } from 'snappyjs'
import { builtInCodecs, type CodecName } from '../../libs/bus/compression.ts'
import { crc32c } from '../../libs/bus/crc32c.ts'
import { AT_ATTRIBUTES, AT_COUNT, AT_CRC, AT_LENGTH, batchesIn, HEADER_BYTES } from '../../libs/bus/record-batch.ts'
import { type ReadOptions, type Run, runsOf } from '../../libs/bus/record-reader.ts'
import { batchOf } from '../../libs/bus/record-writer.ts'
import { Failure } from '../../libs/core/failure.ts'
import type { Message } from '../../libs/core/message.ts'
import { headersOf, keyBytes, type PlainRecord, type Records, valueBytes } from '../../libs/core/records.ts'

type Plain = Pick<Message, 'key' | 'value' | 'headers' | 'timestampMs'>

function message(index: number): Plain {
  return {
    key: index % 5 === 0 ? null : Buffer.from(`key-${index}`),
    value: index % 7 === 0 ? null : Buffer.alloc(index % 300, index),
    headers:
      index % 3 === 0
        ? [
            ['name', Buffer.from('content')],
            ['empty', null],
          ]
        : [],
    timestampMs: 1_700_000_000_000 + index * 977 - (index % 11) * 5_000_000_000,
  }
}

function messages(from: number, count: number): Plain[] {
  return Array.from({ length: count }, (_, i) => message(from + i))
}

function plain(records: Records): PlainRecord[] {
  return Array.from({ length: records.count }, (_, i) => ({
    key: copy(keyBytes(records, i)),
    value: copy(valueBytes(records, i)),
    headers: headersOf(records, i).map(([name, value]) => [name, copy(value)] as const),
    timestampMs: records.timestampsMs[i] ?? Number.NaN,
    offset: records.offsets[i] ?? Number.NaN,
  }))
}

const copy = (bytes: Uint8Array | null): Uint8Array | null => (bytes === null ? null : Uint8Array.from(bytes))

function read(parts: readonly Uint8Array[], options: Partial<ReadOptions> = {}): Run[] {
  const bytes = Buffer.concat([Buffer.alloc(3), ...parts])
  return [...runsOf(batchesIn(bytes, 3, bytes.length), { from: 0, aborted: [], ...options })]
}

function recordsIn(runs: readonly Run[]): PlainRecord[] {
  return runs.flatMap((run) => (run.kind === 'records' ? plain(run.records) : []))
}

function expected(list: readonly Plain[], baseOffset: number): PlainRecord[] {
  return list.map((one, i) => ({
    key: copy(one.key),
    value: copy(one.value),
    headers: one.headers.map(([name, value]) => [name, copy(value)] as const),
    timestampMs: one.timestampMs,
    offset: baseOffset + i,
  }))
}

function xerial(records: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [Buffer.from('82534e4150505900000000010000000100'.slice(0, 32), 'hex')]
  for (let at = 0; at < records.length; at += 1000) {
    const block = compress(records.subarray(at, at + 1000))
    const length = Buffer.alloc(4)
    length.writeInt32BE(block.length)
    parts.push(length, block)
  }
  return Buffer.concat(parts)
}

const codecs: readonly (readonly [CodecName, (records: Uint8Array) => Uint8Array])[] = [
  ['gzip', (records) => gzipSync(records)],
  ['snappy', (records) => compress(records)],
  ['snappy', xerial],
  ['lz4', (records) => compressFrameSync(Buffer.from(records))],
]

test('crc32c of the standard check value', () => {
  assert.equal(crc32c(Buffer.from('123456789'), 0, 9), 0xe3069283)
})

test('uncompressed batches of one fetch are one run over the same bytes', () => {
  const runs = read([batchOf(messages(0, 50), 10), batchOf(messages(50, 1), 60), batchOf(messages(51, 40), 61)])
  assert.equal(runs.length, 1)
  assert.deepEqual(recordsIn(runs), expected(messages(0, 91), 10))
  assert.equal(runs[0]?.kind === 'records' && runs[0].records.nextOffset, 101)
})

test('compressed batches are inflated, whichever codec, also mixed with others', () => {
  for (const [codec, deflate] of codecs) {
    const parts = [
      batchOf(messages(0, 50), 0, { codec, deflate }),
      batchOf(messages(50, 30), 50),
      batchOf(messages(80, 20), 80, { codec, deflate }),
    ]
    assert.deepEqual(recordsIn(read(parts)), expected(messages(0, 100), 0), codec)
  }
})

test('records below `from` are dropped, a cut batch at the end is left for the next fetch', () => {
  const last = batchOf(messages(50, 50), 50)
  const runs = read([batchOf(messages(0, 50), 0), last.subarray(0, last.length - 1)], { from: 20 })
  assert.deepEqual(recordsIn(runs), expected(messages(20, 30), 20))
  assert.equal(runs[0]?.kind === 'records' && runs[0].records.nextOffset, 50)
})

test('control batches and aborted transactions yield nothing, but are passed', () => {
  const control = { transactional: true, control: true }
  const marker = [{ key: Buffer.alloc(4), value: Buffer.alloc(6), headers: [], timestampMs: 0 }]
  const parts = [
    batchOf(messages(0, 2), 0, { producerId: 1, transactional: true }),
    batchOf(messages(2, 2), 2, { producerId: 2, transactional: true }),
    batchOf(marker, 4, { producerId: 1, ...control }),
    batchOf(messages(5, 1), 5, { producerId: 1, transactional: true }),
    batchOf(marker, 6, { producerId: 2, ...control }),
    batchOf(marker, 7, { producerId: 1, ...control }),
  ]
  const runs = read(parts, { aborted: [{ producerId: 1, firstOffset: 0 }] })
  assert.deepEqual(
    recordsIn(runs).map((record) => record.offset),
    [2, 3, 5],
  )
  const end = runs.at(-1)
  assert.equal(end?.kind === 'records' && end.records.nextOffset, 8)
  const none = read(parts.slice(4), { from: 6, aborted: [] })
  assert.deepEqual(recordsIn(none), [])
  assert.equal(none[0]?.kind === 'records' && none[0].records.nextOffset, 8)
})

test('a batch that inflates beyond the limit answers its offsets, whichever codec', () => {
  const bomb = [{ key: null, value: Buffer.alloc(3_000_000), headers: [], timestampMs: 0 }]
  for (const [codec, deflate] of codecs) {
    const parts = [
      batchOf(messages(0, 5), 0),
      batchOf(bomb, 5, { codec, deflate, nextOffset: 9 }),
      batchOf(messages(9, 2), 9),
    ]
    const runs = read(parts, { inflatedBytesMax: 2_000_000 })
    assert.deepEqual(
      runs.map((run) => run.kind),
      ['records', 'too-large', 'records'],
      codec,
    )
    assert.deepEqual(runs[1], { kind: 'too-large', from: 5, next: 9 })
    assert.equal(recordsIn(read(parts, { inflatedBytesMax: 4_000_000 })).length, 8)
  }
})

test('zstd is inflated or its remedy is named', () => {
  assert.throws(() => builtInCodecs.zstd(Buffer.from('00', 'hex'), 10), Failure)
})

test('a wrong checksum is refused', () => {
  const batch = batchOf(messages(0, 3), 0)
  batch[batch.length - 1] = (batch.at(-1) ?? 0) ^ 1
  assert.throws(() => read([batch]), { code: 'log-corrupt' })
})

test('hostile bytes behind a right checksum never read outside the batch nor take memory for claims', () => {
  const original = batchOf(messages(0, 20), 0)
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(original.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
      (flips) => {
        const batch = Uint8Array.from(original)
        for (const [at, byte] of flips) batch[at] = byte
        const view = new DataView(batch.buffer)
        view.setInt32(AT_LENGTH, batch.length - 12)
        view.setUint32(AT_CRC, crc32c(batch, 21, batch.length))
        try {
          for (const run of read([batch, Buffer.alloc(1000, 0xff)].slice(0, 1))) {
            if (run.kind !== 'records') continue
            const records = run.records
            for (let i = 0; i < records.count; i++) {
              assert.ok((records.keyAt[i] ?? 0) + (records.keyLength[i] ?? 0) <= records.bytes.length)
              assert.ok((records.valueAt[i] ?? 0) + (records.valueLength[i] ?? 0) <= records.bytes.length)
            }
          }
        } catch (thrown) {
          assert.ok(thrown instanceof Failure, String(thrown))
        }
      },
    ),
    { numRuns: 3000 },
  )
  const claims = batchOf(messages(0, 1), 0)
  const view = new DataView(claims.buffer, claims.byteOffset)
  view.setInt32(23, 2_000_000_000)
  view.setInt32(AT_COUNT, 2_000_000_000)
  view.setUint32(AT_CRC, crc32c(claims, 21, claims.length))
  assert.throws(() => read([claims]), { code: 'log-corrupt' })
  assert.ok(claims.length > HEADER_BYTES)
})

test('the time of appending stands for that of every record where the topic says so', () => {
  const batch = batchOf(messages(0, 3), 0)
  const view = new DataView(batch.buffer, batch.byteOffset)
  view.setInt16(AT_ATTRIBUTES, 8)
  view.setUint32(AT_CRC, crc32c(batch, AT_ATTRIBUTES, batch.length))
  const most = Math.max(...messages(0, 3).map(({ timestampMs }) => timestampMs))
  assert.deepEqual(
    recordsIn(read([batch])).map(({ timestampMs }) => timestampMs),
    [most, most, most],
  )
})

test('hostile compressed bytes inflate within the limit, or are too large, or corrupt; nothing else', () => {
  const original = batchOf(messages(0, 60), 0).subarray(HEADER_BYTES)
  const limit = 50_000
  for (const [codec, deflate] of codecs) {
    const compressed = deflate(original)
    const flip = fc.tuple(fc.nat(compressed.length - 1), fc.nat(255))
    fc.assert(
      fc.property(fc.array(flip, { minLength: 1, maxLength: 5 }), (flips) => {
        const bytes = Uint8Array.from(compressed)
        for (const [at, byte] of flips) bytes[at] = byte
        try {
          assert.ok(codec !== 'none')
          const inflated = builtInCodecs[codec](bytes, limit)
          assert.ok(inflated === 'too-large' || inflated.length <= limit, `${codec}: ${inflated.length}`)
        } catch (thrown) {
          assert.ok(thrown instanceof Failure && thrown.code === 'log-corrupt', `${codec}: ${thrown}`)
        }
      }),
      { numRuns: 500 },
    )
  }
})
