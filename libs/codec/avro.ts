// Avro: the only door to the Avro library. It parses schemas under limits, encodes what is published, and decodes whole
// records on the rare path; the hot path is a projection (projection.ts), for which this is the oracle in tests.
// Invariants
//   V1 a count of items is bounded by the bytes left and by a budget per record, block by block, so that a few bytes can
//      neither allocate without bound nor loop without end. Stock collection readers of the library do both: six bytes of
//      `array<null>` abort the process past any catch, and three bytes make a skipped array or map loop for ever. They are
//      replaced, once, when this module is loaded; nothing else in the process uses the library.
//   V2 bytes from outside never throw out of `decode`: what does not follow the schema is `undecodable`, with the reason.
//   V3 decoded values are plain objects, arrays and copies of bytes: they alias no buffer and carry no prototype of theirs.

import assert from 'node:assert/strict'
import avsc from 'avsc'
import { Failure } from '../core/failure.ts'
import { shapeOf } from './avro-schema.ts'
import type { Infer } from './infer.ts'
import { readLong, writtenLong } from './varint.ts'

/** Items of all arrays and maps of one record. */
export const itemsMax = 65_536

/** A schema ready for use; `text` is what a registry or a container file is given. */
export interface AvroType<T> {
  readonly text: string
  readonly encode: (value: T) => Uint8Array
  readonly decode: (bytes: Uint8Array) => Decoded<T>
  /** Decodes what another schema wrote into this one's values; Failure('schema-invalid') if they do not resolve. */
  readonly from: (writer: string) => (bytes: Uint8Array) => Decoded<T>
}

export type Decoded<T> =
  | { readonly kind: 'value'; readonly value: T }
  | { readonly kind: 'undecodable'; readonly reason: string }

/** The type of one of our own schemas, written `as const`. */
export function avroType<const S>(schema: S): AvroType<Infer<S>> {
  return typed<Infer<S>>(JSON.stringify(schema))
}

/** The type of a schema from outside; Failure('schema-invalid'). */
export function avroTypeOf(text: string): AvroType<unknown> {
  return typed<unknown>(text)
}

export function encode<T>(type: AvroType<T>, value: T): Uint8Array {
  return type.encode(value)
}

/** A whole record, bare; trailing bytes make it undecodable. */
export function decode<T>(type: AvroType<T>, bytes: Uint8Array): Decoded<T> {
  return type.decode(bytes)
}

function typed<T>(text: string): AvroType<T> {
  const type = parsed(text)
  return {
    text,
    encode: (value) => type.toBuffer(buffered(value)),
    decode: (bytes) => guarded<T>(() => type.fromBuffer(asBuffer(bytes))),
    from: (writer) => {
      const writerType = parsed(writer)
      let resolver: ReturnType<avsc.Type['createResolver']>
      try {
        resolver = type.createResolver(writerType)
      } catch (thrown) {
        throw new Failure('schema-invalid', `schemas do not resolve: ${messageOf(thrown)}`, thrown)
      }
      return (bytes) => guarded<T>(() => type.fromBuffer(asBuffer(bytes), resolver))
    },
  }
}

/** Refuses what our own limits refuse first, then what the library refuses. */
export function checkSchema(text: string): void {
  parsed(text)
}

function parsed(text: string): avsc.Type {
  shapeOf(text)
  try {
    return avsc.Type.forSchema(JSON.parse(text), {
      // Without a prototype: else a type named `constructor` would be found before it is defined.
      registry: Object.create(null),
      typeHook: (schema) => (isLong(schema) ? longType : undefined),
    })
  } catch (thrown) {
    throw new Failure('schema-invalid', `schema is refused: ${messageOf(thrown)}`, thrown)
  }
}

function isLong(schema: unknown): boolean {
  return (
    schema === 'long' || (typeof schema === 'object' && schema !== null && 'type' in schema && schema.type === 'long')
  )
}

/**
 * The library's own 64-bit integers lose a bit, and with it the sign, beyond ±2^52: its zigzag form is a double. These are
 * exact to ±(2^53 − 1) and an error beyond.
 */
const longType = avsc.types.LongType.__with(
  {
    fromBuffer: (bytes: Uint8Array) => readLong(bytes),
    toBuffer: (value: number) => asBuffer(writtenLong(value)),
    fromJSON: (value: number) => value,
    toJSON: (value: number) => value,
    isValid: (value: unknown) => Number.isSafeInteger(value),
    compare: (a: number, b: number) => Math.sign(a - b),
  },
  true,
)

function guarded<T>(read: () => T): Decoded<T> {
  itemsLeft = itemsMax
  try {
    return { kind: 'value', value: plain(read()) }
  } catch (thrown) {
    return { kind: 'undecodable', reason: messageOf(thrown) }
  }
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function plain<T>(value: T): T
function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => plain(item))
  if (value instanceof Uint8Array) return Uint8Array.from(value)
  // fromEntries defines properties: a key `__proto__` stays a key.
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plain(part)]))
}

/** The library takes bytes as Buffer only. */
function buffered(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value
  if (Array.isArray(value)) return value.map(buffered)
  if (value instanceof Uint8Array) return asBuffer(value)
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, buffered(part)]))
}

/** The part of the library's cursor and of its collection types that the guard needs. */
interface Tap {
  readonly buf: Uint8Array
  readonly pos: number
  readLong(): number
  readString(): string
  skipString(): void
}
interface Part {
  _read(tap: Tap): unknown
  _skip(tap: Tap): void
}

let itemsLeft = 0

function blockCount(tap: Tap): number {
  let count = tap.readLong()
  if (count < 0) {
    count = -count
    const bytes = tap.readLong()
    if (bytes < 0 || bytes > tap.buf.length - tap.pos) throw new RangeError('a block states a size beyond the record')
  }
  if (count > tap.buf.length - tap.pos) throw new RangeError('a block counts more items than bytes are left')
  if (count > itemsLeft) throw new RangeError(`more than ${itemsMax} items`)
  itemsLeft -= count
  return count
}

const arrayGuard = {
  _read(this: { readonly itemsType: Part }, tap: Tap): unknown[] {
    const items: unknown[] = []
    for (let n = blockCount(tap); n > 0; n = blockCount(tap)) {
      for (; n > 0; n--) items.push(this.itemsType._read(tap))
    }
    return items
  },
  _skip(this: { readonly itemsType: Part }, tap: Tap): void {
    for (let n = blockCount(tap); n > 0; n = blockCount(tap)) for (; n > 0; n--) this.itemsType._skip(tap)
  },
}

const mapGuard = {
  _read(this: { readonly valuesType: Part }, tap: Tap): object {
    const entries: Record<string, unknown> = Object.create(null)
    for (let n = blockCount(tap); n > 0; n = blockCount(tap)) {
      for (; n > 0; n--) {
        const key = tap.readString()
        entries[key] = this.valuesType._read(tap)
      }
    }
    return entries
  },
  _skip(this: { readonly valuesType: Part }, tap: Tap): void {
    for (let n = blockCount(tap); n > 0; n = blockCount(tap)) {
      for (; n > 0; n--) {
        tap.skipString()
        this.valuesType._skip(tap)
      }
    }
  },
}

for (const [type, guard] of [
  [avsc.types.ArrayType, arrayGuard],
  [avsc.types.MapType, mapGuard],
] as const) {
  const prototype: object = type.prototype
  for (const name of ['_read', '_skip'] as const) {
    assert.ok(name in prototype, `V1: the Avro library has no ${name} to guard; another version?`)
  }
  Object.assign(prototype, guard)
}
