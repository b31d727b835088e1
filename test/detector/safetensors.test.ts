// Safetensors: what is written is read back; what a hostile or broken writer might say is refused.

import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { Failure } from '../../libs/core/failure.ts'
import { headerBytesMax, readSafetensors, type Tensor, writeSafetensors } from '../../libs/detector/safetensors.ts'

function bytesOf(header: unknown, dataBytes: number): Uint8Array {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
  const bytes = new Uint8Array(8 + json.length + dataBytes)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true)
  bytes.set(json, 8)
  return bytes
}

function refused(bytes: Uint8Array, found: RegExp): void {
  assert.throws(
    () => readSafetensors(bytes),
    (thrown) => thrown instanceof Failure && thrown.code === 'artefact-invalid' && found.test(thrown.message),
  )
}

test('tensors and metadata come back as they were written, whatever the alignment of the bytes', () => {
  const tensor = fc.float32Array({ minLength: 0, maxLength: 20 }).map((values) => ({ shape: [values.length], values }))
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(fc.string(), tensor), { selector: ([name]) => name, maxLength: 6 }),
      fc.dictionary(fc.string(), fc.string()),
      fc.integer({ min: 0, max: 7 }),
      (list, texts, shift) => {
        const tensors = new Map<string, Tensor>(
          list.filter(([name]) => name !== '__metadata__' && name !== '__proto__'),
        )
        const metadata = new Map(Object.entries(texts).filter(([name]) => name !== '__proto__'))
        const bytes = writeSafetensors({ metadata, tensors })
        assert.equal(new DataView(bytes.buffer).getUint32(0, true) % 8, 0)
        const shifted = new Uint8Array(bytes.length + shift)
        shifted.set(bytes, shift)
        const read = readSafetensors(shifted.subarray(shift))
        assert.deepEqual(new Map([...read.metadata].sort()), new Map([...metadata].sort()))
        assert.equal(read.tensors.size, tensors.size)
        for (const [name, { shape, values }] of tensors) {
          assert.deepEqual(read.tensors.get(name), { shape, values: values.slice() })
        }
      },
    ),
  )
})

test('what is not a whole, exact, F32 file is refused, with what was found', () => {
  const f32 = (shape: unknown, from: number, to: number): object => ({ dtype: 'F32', shape, data_offsets: [from, to] })
  const long = new Uint8Array(16)
  new DataView(long.buffer).setBigUint64(0, BigInt(headerBytesMax) + 8n, true)
  refused(new Uint8Array(7), /7 bytes/)
  refused(long, /at most 1048576/)
  refused(bytesOf({}, 0).subarray(0, 9), /header of 2 bytes in a file of 9/)
  refused(bytesOf('{"a"', 0), /not JSON/)
  refused(bytesOf('[]', 0), /header is not an object/)
  refused(bytesOf({ a: { ...f32([1], 0, 4), dtype: 'F64' } }, 4), /type F64/)
  refused(bytesOf({ a: f32([2], 0, 4) }, 4), /needs 8 bytes; it has 4/)
  refused(bytesOf({ a: f32([-1], 0, 4) }, 4), /no shape/)
  refused(bytesOf({ a: f32([1.5], 0, 6) }, 6), /no shape/)
  refused(bytesOf({ a: f32([2 ** 40, 2 ** 40], 0, 4) }, 4), /needs/)
  refused(bytesOf({ a: f32([1], 4, 0) }, 4), /outside/)
  refused(bytesOf({ a: f32([1], 0, 4), b: f32([1], 4, 8) }, 4), /outside/)
  refused(bytesOf({ a: f32([2], 0, 8), b: f32([1], 4, 8) }, 8), /overlaps/)
  refused(bytesOf({ a: f32([1], 4, 8) }, 8), /gap of 4 bytes/)
  refused(bytesOf({ a: f32([1], 0, 4) }, 12), /8 bytes of data belong to no tensor/)
  refused(bytesOf({ a: { dtype: 'F32', shape: [1], data_offsets: [0] } }, 4), /no pair/)
  refused(bytesOf({ __metadata__: { a: 1 } }, 0), /not a text/)
  assert.equal(readSafetensors(bytesOf({ a: f32([], 0, 4) }, 4)).tensors.get('a')?.values.length, 1)
})
