// Avro: the only door to the Avro library. It parses schemas under limits, encodes what is published, and decodes whole
// records on the rare path; the hot path is a projection (projection.ts), for which this is the oracle in tests.
// Invariants
//   V1 no schema from outside reaches the library before our own limits (avro-schema.ts), no bytes before its readers of
//      collections are guarded (avro-guard.ts).
//   V2 bytes from outside never throw out of `decode`: what does not follow the schema is `undecodable`, with the reason.
//   V3 decoded values are plain objects, arrays and copies of bytes: they alias no buffer and carry no prototype of theirs.

import avsc from 'avsc'
import { Failure } from '../core/failure.ts'
import { withinBudget } from './avro-guard.ts'
import { shapeOf } from './avro-schema.ts'
import type { Infer } from './infer.ts'
import { readLong, writtenLong } from './varint.ts'

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
  // Also where only a name or a comment says so, which costs a copy.
  const holdsBytes = /"(bytes|fixed)"/.test(text)
  return {
    text,
    encode: (value) => type.toBuffer(holdsBytes ? buffered(value) : value),
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
  try {
    return { kind: 'value', value: plain(withinBudget(read)) }
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
