import assert from 'node:assert/strict'
import test from 'node:test'
import { hash64, sha256 } from '../../libs/core/hash.ts'

function hashOf(text: string): string {
  const out = new Uint32Array(2)
  const bytes = new TextEncoder().encode(`xx${text}yy`)
  hash64(bytes, 2, bytes.length - 4, out, 0)
  return `${out[0]}:${out[1]}`
}

test('only the bytes of the range count, and a million keys of common shapes do not collide', () => {
  assert.equal(hashOf('a'), hashOf('a'))
  const seen = new Set<string>()
  const out = new Uint32Array(2)
  const bytes = new Uint8Array(16)
  const encoder = new TextEncoder()
  for (let i = 0; i < 1_000_000; i++) {
    const { written } = encoder.encodeInto(i % 2 ? `customer-${i}` : `${i}`, bytes)
    hash64(bytes, 0, written, out, 0)
    seen.add(`${out[0]}:${out[1]}`)
  }
  assert.equal(seen.size, 1_000_000)
})

test('buckets by the low bits of either lane fill evenly', () => {
  const counts = [new Int32Array(64), new Int32Array(64)]
  const out = new Uint32Array(2)
  const encoder = new TextEncoder()
  for (let i = 0; i < 64_000; i++) {
    const bytes = encoder.encode(`sensor-${i}`)
    hash64(bytes, 0, bytes.length, out, 0)
    for (const lane of [0, 1] as const) counts[lane]![(out[lane] ?? 0) & 63]! += 1
  }
  for (const lane of counts) for (const count of lane) assert.ok(count > 800 && count < 1200, `${count} of 1,000`)
})

test('sha256 of parts is that of their concatenation', () => {
  assert.equal(sha256('ab', new Uint8Array([99])), sha256('abc'))
  assert.equal(sha256('abc'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
})
