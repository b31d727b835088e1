// Description beside: what travels with a model and never shapes a score, without its tensors (artefact-beside.ts), as JSON,
// and back.

import { canariesMax } from './canaries.ts'
import { type Fields, invalid } from './description-fields.ts'
import type { Reference, Scale } from './drift-reference.ts'
import type { Json, Model } from './model.ts'
import type { Sampler } from './sampler.ts'

export interface DescribedBeside {
  readonly canaries?: { readonly origins: readonly string[] }
  readonly reference?: Pick<Reference, 'columns' | 'scales' | 'salt' | 'modulus'>
  readonly sampler?: Pick<Sampler, 'count' | 'columns'>
}

const scalesMax = 8
const samplerRowsMax = 10_000
const samplerColumnsMax = 10_000
const timesMax = 1_000
const uint32Max = 4_294_967_295

export function describeBeside({ canaries, reference, sampler }: Model): { readonly [key: string]: Json } {
  return {
    ...(canaries === undefined ? {} : { canaries: { origins: canaries.origins } }),
    ...(reference === undefined
      ? {}
      : {
          reference: {
            columns: reference.columns,
            scales: reference.scales.map(({ times, of, rows, spanMs }) => ({ times, of, rows, spanMs })),
            salt: reference.salt,
            modulus: reference.modulus,
          },
        }),
    ...(sampler === undefined ? {} : { sampler: { count: sampler.count, columns: sampler.columns } }),
  }
}

export function besideOf(top: Fields, width: number): DescribedBeside {
  return {
    ...(top.has('canaries') ? { canaries: canariesOf(top.fields('canaries')) } : {}),
    ...(top.has('reference') ? { reference: referenceOf(top.fields('reference'), width) } : {}),
    ...(top.has('sampler') ? { sampler: samplerOf(top.fields('sampler')) } : {}),
  }
}

function samplerOf(fields: Fields): NonNullable<DescribedBeside['sampler']> {
  const sampler = {
    count: fields.count('count', 2, samplerRowsMax),
    columns: fields.count('columns', 1, samplerColumnsMax),
  }
  fields.close()
  return sampler
}

function canariesOf(fields: Fields): { origins: readonly string[] } {
  const origins = fields.take('origins')
  if (!Array.isArray(origins) || origins.length > canariesMax || !origins.every((each) => typeof each === 'string'))
    invalid(`${fields.path}.origins`, origins, `at most ${canariesMax} texts`)
  fields.close()
  return { origins }
}

function referenceOf(fields: Fields, width: number): NonNullable<DescribedBeside['reference']> {
  const reference = {
    columns: fields.count('columns', 1, width),
    scales: fields.list('scales', 1, scalesMax).map((scale): Scale => {
      const found = {
        times: scale.count('times', 2, timesMax),
        of: scale.count('of', 1, Number.MAX_SAFE_INTEGER),
        rows: scale.count('rows', 1, Number.MAX_SAFE_INTEGER),
        spanMs: scale.number('spanMs'),
      }
      scale.close()
      return found
    }),
    salt: fields.count('salt', 0, uint32Max),
    modulus: fields.count('modulus', 1, 2 ** 31),
  }
  fields.close()
  return reference
}
