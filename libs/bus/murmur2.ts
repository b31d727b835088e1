// Murmur2 (Appleby, public domain) with the seed that Kafka's Java client uses, and the partition it derives from a key:
// equal keys meet in one partition whichever client wrote them. Owns no state.

const SEED = 0x9747b28c
const MULTIPLIER = 0x5bd1e995

/** The hash as Java returns it: a signed 32-bit number. */
export function murmur2(bytes: Uint8Array): number {
  let hash = SEED ^ bytes.length
  let i = 0
  for (; i + 4 <= bytes.length; i += 4) {
    let word = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24)
    word = Math.imul(word, MULTIPLIER)
    word = Math.imul(word ^ (word >>> 24), MULTIPLIER)
    hash = Math.imul(hash, MULTIPLIER) ^ word
  }
  const left = bytes.length - i
  if (left > 0) {
    if (left === 3) hash ^= bytes[i + 2]! << 16
    if (left >= 2) hash ^= bytes[i + 1]! << 8
    hash = Math.imul(hash ^ bytes[i]!, MULTIPLIER)
  }
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER)
  return hash ^ (hash >>> 15)
}

/** The partition of a key among `partitions`. */
export function partitionOf(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions
}
