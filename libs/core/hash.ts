// Hash: a fast 64-bit hash of byte ranges for keyed state and chains, and SHA-256 for identities. The fast hash is two
// independent 32-bit lanes in the manner of MurmurHash3 (Appleby, public domain); it is not for secrets.
// A key is known to the state by these 64 bits alone: among 1,000,000 keys two collide with probability 3e-8.

import { createHash } from 'node:crypto'

/** Hashes bytes[at, at + length) into out[2·slot] and out[2·slot + 1]. */
export function hash64(bytes: Uint8Array, at: number, length: number, out: Uint32Array, slot: number): void {
  let a = 0x2f0b4c47 ^ length
  let b = 0x9e3779b9 ^ length
  const end = at + length
  let i = at
  for (; i + 4 <= end; i += 4) {
    const word =
      (bytes[i] as number) |
      ((bytes[i + 1] as number) << 8) |
      ((bytes[i + 2] as number) << 16) |
      ((bytes[i + 3] as number) << 24)
    a = mix(a, Math.imul(word, 0xcc9e2d51), 0x1b873593)
    b = mix(b, Math.imul(word, 0x85ebca6b), 0xc2b2ae35)
  }
  let tail = 0
  for (let shift = 0; i < end; i++, shift += 8) tail |= (bytes[i] as number) << shift
  a = mix(a, Math.imul(tail, 0xcc9e2d51), 0x1b873593)
  b = mix(b, Math.imul(tail, 0x85ebca6b), 0xc2b2ae35)
  out[2 * slot] = finish(a ^ (b >>> 7))
  out[2 * slot + 1] = finish(b ^ (a >>> 11))
}

const encoder = new TextEncoder()
const lanes = new Uint32Array(2)

/** 32 bits of a text's hash. */
export function textHash(text: string): number {
  const bytes = encoder.encode(text)
  hash64(bytes, 0, bytes.length, lanes, 0)
  return lanes[0] as number
}

function mix(lane: number, word: number, multiplier: number): number {
  const turned = Math.imul((word << 15) | (word >>> 17), multiplier)
  const mixed = lane ^ turned
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0
}

function finish(lane: number): number {
  let h = lane
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** SHA-256 as 64 hexadecimal digits. */
export function sha256(...parts: readonly (Uint8Array | string)[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}
