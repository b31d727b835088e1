// Projection: the wanted fields of Avro records as columns, of one fixed schema or of whatever schemas a registry knows.
// Invariants
//   E1 rows are filled in the order of records, one row a record, whatever their schemas.
//   E2 a schema is asked for once while it is kept; what the registry confirms to be absent is `unknown-schema` from then on.
//   E3 a schema that cannot give what is wanted makes its records undecodable; `refusal` says why.

import assert from 'node:assert/strict'
import { Failure } from '../core/failure.ts'
import type { Records } from '../core/records.ts'
import { rejected } from '../core/verdict.ts'
import type { Columns, Decoder, SchemaNeed, Want } from './columns.ts'
import { confluentIdAt } from './framing.ts'
import { ANY_ID, BARE } from './projection-code.ts'
import { type Projection, projection } from './projection-compile.ts'
import { TextScratch } from './text-scratch.ts'

/** Answers kept for schema ids; the longest unused is asked for again. */
export const schemasMax = 1_000

const UNDECODABLE = rejected('undecodable')
const UNKNOWN_SCHEMA = rejected('unknown-schema')

/** Failure('schema-invalid') when the schema cannot give what is wanted. */
export function avroDecoder(
  source: { readonly schemaText: string; readonly framing: 'bare' | 'confluent' },
  wants: readonly Want[],
): Decoder {
  const project = projection(source.schemaText, wants)
  const framing = source.framing === 'bare' ? BARE : ANY_ID
  const texts = new TextScratch()
  return {
    need: null,
    supply(id) {
      assert.fail(`E2: schema ${id} was never asked for`)
    },
    decode(records, from, to, columns) {
      assert.ok(to - from <= columns.rowsMax, 'E1: more records than rows')
      texts.begin(columns)
      return project.run(records, from, to, columns, 0, framing, texts)
    },
  }
}

export interface RegistryDecoder extends Decoder {
  /** Why records of this schema are undecodable; null if they are not. */
  refusal(id: number): string | null
}

type Known =
  | { readonly kind: 'projection'; readonly projection: Projection }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'absent' }

/** Records in Confluent framing: a zero byte, the schema's id in four bytes, the bare value. */
export function registryDecoder(wants: readonly Want[]): RegistryDecoder {
  return new Registered(wants)
}

class Registered implements RegistryDecoder {
  readonly #wants: readonly Want[]
  readonly #texts = new TextScratch()
  /** In order of use, the longest unused first. */
  readonly #known = new Map<number, Known>()
  #need: SchemaNeed | null = null

  constructor(wants: readonly Want[]) {
    this.#wants = wants
  }

  get need(): SchemaNeed | null {
    return this.#need
  }

  supply(id: number, schema: string | 'absent'): void {
    this.#known.delete(id)
    this.#known.set(id, this.#compiled(schema))
    if (this.#need?.id === id) this.#need = null
    if (this.#known.size <= schemasMax) return
    for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest)
      break
    }
  }

  refusal(id: number): string | null {
    const known = this.#known.get(id)
    return known?.kind === 'refused' ? known.reason : null
  }

  decode(records: Records, from: number, to: number, columns: Columns): number {
    assert.ok(to - from <= columns.rowsMax, 'E1: more records than rows')
    this.#need = null
    this.#texts.begin(columns)
    let at = from
    while (at < to) {
      const id = confluentIdAt(records, at)
      if (id < 0) {
        columns.faults[at - from] = UNDECODABLE
        at++
        continue
      }
      const known = this.#used(id)
      if (known === undefined) {
        this.#need = { kind: 'schema', id }
        return at
      }
      switch (known.kind) {
        case 'projection':
          at = known.projection.run(records, at, to, columns, at - from, id, this.#texts)
          break
        case 'refused':
          columns.faults[at - from] = UNDECODABLE
          at++
          break
        case 'absent':
          columns.faults[at - from] = UNKNOWN_SCHEMA
          at++
          break
        default:
          throw known satisfies never
      }
    }
    return at
  }

  #used(id: number): Known | undefined {
    const known = this.#known.get(id)
    if (known !== undefined && this.#known.size > 1) {
      this.#known.delete(id)
      this.#known.set(id, known)
    }
    return known
  }

  #compiled(schema: string | 'absent'): Known {
    if (schema === 'absent') return { kind: 'absent' }
    try {
      return { kind: 'projection', projection: projection(schema, this.#wants) }
    } catch (thrown) {
      const failure = Failure.of(thrown, 'schema-invalid')
      if (failure.code !== 'schema-invalid') throw failure
      return { kind: 'refused', reason: failure.message }
    }
  }
}
