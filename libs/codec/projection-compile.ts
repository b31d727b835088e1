// Projection compiler: from a writer's schema and the wants to a decoder of few fields, made once, which walks the
// bytes of a record, writes what is wanted into columns and steps over the rest. It builds no object.
// Invariants
//   J1 it neither throws nor reads beyond a record, whatever the bytes are: the row's fault says what was wrong.
//   J2 a record that the Avro library decodes whole, under the same limits, is decoded to the same values; bytes after the
//      value make it undecodable. Of what is stepped over, only the structure is checked.
//   J3 steps are bounded by the bytes of the record and the budget of items (avro.ts), at any schema.

import { Failure } from '../core/failure.ts'
import type { Records } from '../core/records.ts'
import { rejected } from '../core/verdict.ts'
import { checkSchema } from './avro.ts'
import { itemsMax } from './avro-guard.ts'
import { shapeOf } from './avro-schema.ts'
import { type Category, category } from './category.ts'
import type { Columns, Want } from './columns.ts'
import { decimal } from './decimal.ts'
import { isoMs } from './iso.ts'
import { problemsOf } from './projectable.ts'
import { program } from './projection-code.ts'
import { plan } from './projection-plan.ts'
import type { TextScratch } from './text-scratch.ts'
import { wantTree } from './want-tree.ts'

export interface Projection {
  /**
   * Decodes records [from, to) into rows from `firstRow` on and answers the index it reached. `framing` is BARE, ANY_ID, or
   * a schema id: then it stops at the first record that states another id.
   */
  run(
    records: Records,
    from: number,
    to: number,
    columns: Columns,
    firstRow: number,
    framing: number,
    texts: TextScratch,
  ): number
  /** The position after the bare value that begins at `at`, or −1. */
  size(bytes: Uint8Array, at: number, end: number): number
}

interface Environment {
  readonly isoMs: typeof isoMs
  readonly decimal: typeof decimal
  readonly categories: readonly (Category | null)[]
  readonly codes: readonly Int32Array[]
  readonly names: readonly (readonly string[])[]
}

const codes = {
  undecodable: rejected('undecodable'),
  notFinite: rejected('not-finite'),
  imprecise: rejected('imprecise'),
} as const

/** Failure('schema-invalid') that lists everything the schema lacks. */
export function projection(schemaText: string, wants: readonly Want[]): Projection {
  const shape = shapeOf(schemaText)
  checkSchema(schemaText)
  const problems = problemsOf(shape, wants)
  if (problems.length > 0) {
    const lines = problems.map(({ field, message }) => (field === '' ? message : `${field}: ${message}`))
    throw new Failure('schema-invalid', lines.join('\n'))
  }
  const { source, tables } = program(plan(shape, wantTree(wants)), wants, codes, itemsMax)
  const categories = wants.map((want) => (want.kind === 'category' ? category(want.values) : null))
  const env: Environment = {
    isoMs,
    decimal,
    categories,
    codes: tables.map(({ want, names }) => Int32Array.from(names, (name) => categories[want]?.of(name) ?? -1)),
    names: tables.map(({ names }) => names),
  }
  return new Function('env', source)(env)
}
