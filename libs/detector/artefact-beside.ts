// Artefact beside: what travels with a model and never shapes a score, as tensors, and back: canaries, the reference that
// drift is told by, and what rows are made up from. An artefact may have none of them.

import { Failure } from '../core/failure.ts'
import type { MemberTensors, Put } from './artefact-member.ts'
import type { Canaries } from './canaries.ts'
import type { DescribedBeside } from './description-beside.ts'
import { binsOf, type Reference } from './drift-reference.ts'
import type { Model } from './model.ts'
import { type Sampler, samplerKnots } from './sampler.ts'

const names = {
  canaries: 'canaries.rows',
  edges: 'reference.edges',
  counts: 'reference.counts',
  usual: 'reference.usual',
  scores: 'reference.scores',
  codes: 'sampler.codes',
  deviations: 'sampler.deviations',
  unsaid: 'sampler.unsaid',
  drawn: 'sampler.drawn',
  wanted: 'sampler.wanted',
} as const

export function putBeside(put: Put, { canaries, reference, sampler, width }: Model): void {
  if (canaries !== undefined && canaries.origins.length > 0)
    put(names.canaries, canaries.rows, canaries.origins.length, width)
  if (sampler !== undefined) {
    const { count, columns } = sampler
    put(names.codes, sampler.codes, count, columns)
    put(names.deviations, sampler.deviations, count, columns)
    put(names.unsaid, sampler.unsaid, count, width)
    put(names.drawn, sampler.drawn, width, samplerKnots)
    put(names.wanted, sampler.wanted, width, samplerKnots)
  }
  if (reference === undefined) return
  const { columns, scales } = reference
  put(names.edges, reference.edges, columns, binsOf - 2)
  put(names.counts, reference.counts, columns, binsOf)
  put(names.usual, reference.usual, scales.length, columns + 1, 3)
  put(names.scores, reference.scores)
}

/** `any`: a tensor that may hold NaN, for a missing value. */
export function takeBeside(
  { finite }: MemberTensors,
  any: (name: string, ...shape: readonly number[]) => Float32Array,
  described: DescribedBeside,
  width: number,
): { canaries?: Canaries; reference?: Reference; sampler?: Sampler } {
  const { canaries, reference, sampler } = described
  return {
    ...(canaries === undefined ? {} : { canaries: { ...canaries, rows: rowsOf(any, canaries.origins.length, width) } }),
    ...(reference === undefined
      ? {}
      : {
          reference: {
            ...reference,
            edges: finite(names.edges, reference.columns, binsOf - 2),
            counts: finite(names.counts, reference.columns, binsOf),
            usual: finite(names.usual, reference.scales.length, reference.columns + 1, 3),
            scores: finite(names.scores, null),
          },
        }),
    ...(sampler === undefined
      ? {}
      : {
          sampler: {
            ...sampler,
            codes: finite(names.codes, sampler.count, sampler.columns),
            deviations: finite(names.deviations, sampler.count, sampler.columns),
            unsaid: finite(names.unsaid, sampler.count, width),
            drawn: finite(names.drawn, width, samplerKnots),
            wanted: finite(names.wanted, width, samplerKnots),
          },
        }),
  }
}

function rowsOf(
  any: (name: string, ...shape: readonly number[]) => Float32Array,
  count: number,
  width: number,
): Float32Array {
  if (count === 0) return new Float32Array(0)
  const rows = any(names.canaries, count, width)
  if (rows.includes(Number.POSITIVE_INFINITY) || rows.includes(Number.NEGATIVE_INFINITY))
    throw new Failure('artefact-invalid', 'artefact: a canary is not finite')
  return rows
}
