// Artefact keys: the factors of keys as tensors, and back. A hash travels as two numbers of 16 bits, which float32 holds.

import { Failure } from '../core/failure.ts'
import type { MemberTensors, Put } from './artefact-member.ts'
import type { KeyFactors } from './model.ts'

const hashes = 'calibration.key_hashes'
const factorsName = 'calibration.key_factors'
const half = 65_536

export function putKeys(put: Put, keys: KeyFactors | null): void {
  if (keys === null) return
  const halves = [...keys.hashes].flatMap((hash) => [Math.floor(hash / half), hash % half])
  put(hashes, Float32Array.from(halves), keys.hashes.length, 2)
  put(factorsName, keys.factors)
}

export function takeKeys({ finite, positive }: MemberTensors, has: (name: string) => boolean): KeyFactors | null {
  if (!has(factorsName)) return null
  const factors = positive(factorsName, null)
  const halves = finite(hashes, factors.length, 2)
  const bad = halves.findIndex((value) => !Number.isInteger(value) || value < 0 || value >= half)
  if (bad >= 0) invalid(`key ${bad >> 1} has the hash part ${halves[bad]}`)
  const found = Uint32Array.from(factors, (_, i) => (halves[2 * i] ?? 0) * half + (halves[2 * i + 1] ?? 0))
  const astray = found.findIndex((hash, i) => i > 0 && hash <= (found[i - 1] ?? 0))
  if (astray >= 0) invalid(`key ${astray} does not ascend`)
  return { hashes: found, factors }
}

function invalid(what: string): never {
  throw new Failure('artefact-invalid', `artefact: ${what}`)
}
