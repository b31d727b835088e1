// Arbitrary Avro schemas with values, for properties. Schemas are trees first and get names and references afterwards:
// `again` refers to a type that was defined before it, `self` to the enclosing record.

import fc from 'fast-check'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

export interface Sample {
  readonly schema: Json
  readonly values: readonly unknown[]
}

type Tree =
  | { readonly kind: 'plain'; readonly schema: Json }
  | { readonly kind: 'enum'; readonly symbols: number }
  | { readonly kind: 'fixed'; readonly size: number; readonly scale: number | null }
  | { readonly kind: 'array' | 'map'; readonly inner: Tree }
  | { readonly kind: 'union'; readonly nullFirst: boolean; readonly inner: Tree }
  | { readonly kind: 'record'; readonly fields: readonly Tree[] }
  | { readonly kind: 'again'; readonly which: number }
  | { readonly kind: 'self' }

const plain = fc
  .constantFrom<Json>(
    'null',
    'boolean',
    'int',
    'long',
    'float',
    'double',
    'bytes',
    'string',
    { type: 'long', logicalType: 'timestamp-millis' },
    { type: 'int', logicalType: 'date' },
    { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 },
    { type: 'string', logicalType: 'uuid' },
  )
  .map((schema): Tree => ({ kind: 'plain', schema }))

const { tree } = fc.letrec<{ tree: Tree; record: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    { weight: 5, arbitrary: plain },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('enum' as const), symbols: fc.integer({ min: 1, max: 200 }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('fixed' as const),
        size: fc.integer({ min: 1, max: 9 }),
        scale: fc.option(fc.integer({ min: 0, max: 3 })),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('again' as const), which: fc.nat(9) }) },
    { weight: 1, arbitrary: fc.constant<Tree>({ kind: 'self' }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constantFrom('array' as const, 'map' as const), inner: tie('tree') }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('union' as const), nullFirst: fc.boolean(), inner: tie('tree') }),
    },
    { weight: 2, arbitrary: tie('record') },
  ),
  record: fc.record({
    kind: fc.constant('record' as const),
    fields: fc.array(tie('tree'), { minLength: 0, maxLength: 7, size: 'max' }),
  }),
}))

/** The schema of a tree whose root is a record, with names of its own for all that has a name. */
function named(fields: readonly Tree[]): Json {
  const done: string[] = []
  let names = 0
  const build = (node: Tree, self: string, closed: boolean): Json => {
    switch (node.kind) {
      case 'plain':
        return node.schema
      case 'enum': {
        const name = `N${names++}`
        done.push(name)
        return { type: 'enum', name, symbols: Array.from({ length: node.symbols }, (_, i) => `s${i}`) }
      }
      case 'fixed': {
        const name = `N${names++}`
        done.push(name)
        const decimal = node.scale === null ? {} : { logicalType: 'decimal', precision: 5, scale: node.scale }
        return { type: 'fixed', name, size: node.size, ...decimal }
      }
      case 'again':
        return done[node.which % Math.max(1, done.length)] ?? 'int'
      case 'self':
        return closed ? 'long' : ['null', self]
      case 'array': {
        const items = build(node.inner, self, false)
        return items === 'null' ? { type: 'array', items: 'int' } : { type: 'array', items }
      }
      case 'map':
        return { type: 'map', values: build(node.inner, self, false) }
      case 'union': {
        const inner = build(node.inner, self, true)
        if (inner === 'null' || Array.isArray(inner)) return inner
        return node.nullFirst ? ['null', inner] : [inner, 'null']
      }
      case 'record': {
        const name = `N${names++}`
        // At least one field that takes a byte: an array of empty records is refused.
        const inner: Json[] = [{ name: 'tag', type: 'boolean' }]
        for (const [i, field] of node.fields.entries()) inner.push({ name: `f${i}`, type: build(field, name, false) })
        done.push(name)
        return { type: 'record', name, fields: inner }
      }
      default:
        throw node satisfies never
    }
  }
  return build({ kind: 'record', fields }, 'N0', false)
}

const DEPTH_MAX = 4

/** Values of a schema, in the form that the Avro library takes. */
export function avroValue(schema: Json): fc.Arbitrary<unknown> {
  const definitions = new Map<string, Json>()
  const define = (node: Json): void => {
    if (Array.isArray(node)) node.forEach(define)
    else if (typeof node === 'object' && node !== null && 'type' in node) {
      const { type, name, fields, items, values } = { ...node } as Record<string, Json>
      if (typeof name === 'string' && type !== undefined) definitions.set(name, node)
      for (const inner of [fields, items, values, typeof type === 'object' ? type : undefined]) {
        if (inner !== undefined) define(inner)
      }
    }
  }
  define(schema)
  const arbitrary = (node: Json, depth: number): fc.Arbitrary<unknown> => {
    if (Array.isArray(node)) return branches(node, depth)
    const attributes = typeof node === 'object' && node !== null ? (node as Record<string, Json>) : { type: node }
    switch (attributes['type']) {
      case 'null':
        return fc.constant(null)
      case 'boolean':
        return fc.boolean()
      case 'int':
        return fc.oneof(fc.integer({ min: -70, max: 70 }), fc.integer())
      case 'long':
        return fc.oneof(
          fc.integer({ min: -70, max: 70 }),
          fc.integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }),
        )
      case 'float':
        return fc.float()
      case 'double':
        return fc.double()
      case 'bytes':
        return fc.uint8Array({ maxLength: 9 }).map((bytes) => Buffer.from(bytes))
      case 'string':
        return fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom('é', '2024-02-29T12:00:00Z', 'x'.repeat(70)))
      case 'enum':
        return fc.constantFrom(...(attributes['symbols'] as readonly string[]))
      case 'fixed': {
        const size = Number(attributes['size'])
        return fc.uint8Array({ minLength: size, maxLength: size }).map((bytes) => Buffer.from(bytes))
      }
      case 'array':
        return fc.array(arbitrary(attributes['items'] ?? null, depth + 1), { maxLength: depth > DEPTH_MAX ? 0 : 4 })
      case 'map':
        return fc.dictionary(fc.string({ maxLength: 3 }), arbitrary(attributes['values'] ?? null, depth + 1), {
          maxKeys: depth > DEPTH_MAX ? 0 : 3,
          noNullPrototype: true,
        })
      case 'record': {
        const fields = (attributes['fields'] ?? []) as readonly { name: string; type: Json }[]
        return fc.record(Object.fromEntries(fields.map(({ name, type }) => [name, arbitrary(type, depth + 1)])))
      }
      default:
        return arbitrary(definitions.get(String(attributes['type'])) ?? 'null', depth)
    }
  }
  const branches = (node: readonly Json[], depth: number): fc.Arbitrary<unknown> => {
    if (depth > DEPTH_MAX && node.includes('null')) return fc.constant(null)
    return fc.oneof(...node.map((branch) => arbitrary(branch, depth + 1)))
  }
  return arbitrary(schema, 0)
}

/** A schema with a record at its root, and a few values of it. */
export const samples: fc.Arbitrary<Sample> = fc
  .array(tree, { minLength: 1, maxLength: 10, size: 'max' })
  .map(named)
  .chain((schema) => fc.array(avroValue(schema), { minLength: 1, maxLength: 4 }).map((values) => ({ schema, values })))
