// Avro guard: bounds on what a few bytes can make the Avro library do. Part of the door to it.
// The library's stock readers of arrays and maps trust the counts that they read: six bytes of `array<null>` abort the
// process past any catch, and three bytes make a skipped array or map loop for ever. They are replaced, once, when this
// module is loaded; nothing else in the process uses the library. The state of the module is the budget of the one record
// that is being decoded: decoding is synchronous.
// Invariants
//   U1 a count of items is bounded by the bytes left and by a budget per record, block by block, whether items are read or
//      stepped over.
//   U2 fields of all items together are bounded too: items of a byte and a thousand nulls would else become gigabytes.
//   U3 a map has no prototype: no key of it is special.

import assert from 'node:assert/strict'
import avsc from 'avsc'

/** Items of all arrays and maps of one record. */
export const itemsMax = 65_536
/** Items, and fields within them, of one record. */
export const nodesMax = 1_048_576

let itemsLeft = 0
let nodesLeft = 0

/** Runs `read`, which decodes one record, on a budget of its own. */
export function withinBudget<T>(read: () => T): T {
  itemsLeft = itemsMax
  nodesLeft = nodesMax
  return read()
}

/** The part of the library's cursor and of its types that is needed here. */
interface Tap {
  readonly buf: Uint8Array
  readonly pos: number
  readLong(): number
  readString(): string
  skipString(): void
}
interface Part {
  /** Of a resolver: the type that its values have. */
  readonly _readerType?: object
  _read(tap: Tap): unknown
  _skip(tap: Tap): void
}

function blockCount(tap: Tap, weight: number): number {
  let count = tap.readLong()
  if (count < 0) {
    count = -count
    const bytes = tap.readLong()
    if (bytes < 0 || bytes > tap.buf.length - tap.pos) throw new RangeError('a block states a size beyond the record')
  }
  if (count > tap.buf.length - tap.pos) throw new RangeError('a block counts more items than bytes are left')
  if (count > itemsLeft) throw new RangeError(`more than ${itemsMax} items`)
  if (count * weight > nodesLeft) throw new RangeError(`more than ${nodesMax} items and fields`)
  itemsLeft -= count
  nodesLeft -= count * weight
  return count
}

const weights = new WeakMap<object, number>()

/** An item and the fields that it brings with it, in the widest branch of a union. */
function weightOf(part: Part): number {
  return weighed(part._readerType ?? part)
}

function weighed(type: object): number {
  const known = weights.get(type)
  if (known !== undefined) return known
  // What contains itself does so behind a union or a collection, whose bytes pay for it.
  weights.set(type, 1)
  let weight = 1
  if (type instanceof avsc.types.RecordType) for (const field of type.fields) weight += weighed(field.type)
  if (type instanceof avsc.types.UnwrappedUnionType || type instanceof avsc.types.WrappedUnionType) {
    weight = Math.max(weight, ...type.types.map(weighed))
  }
  weights.set(type, weight)
  return weight
}

const arrayGuard = {
  _read(this: { readonly itemsType: Part }, tap: Tap): unknown[] {
    const items: unknown[] = []
    const weight = weightOf(this.itemsType)
    for (let n = blockCount(tap, weight); n > 0; n = blockCount(tap, weight)) {
      for (; n > 0; n--) items.push(this.itemsType._read(tap))
    }
    return items
  },
  _skip(this: { readonly itemsType: Part }, tap: Tap): void {
    for (let n = blockCount(tap, 1); n > 0; n = blockCount(tap, 1)) for (; n > 0; n--) this.itemsType._skip(tap)
  },
}

const mapGuard = {
  _read(this: { readonly valuesType: Part }, tap: Tap): object {
    const entries: Record<string, unknown> = Object.create(null)
    const weight = weightOf(this.valuesType)
    for (let n = blockCount(tap, weight); n > 0; n = blockCount(tap, weight)) {
      for (; n > 0; n--) {
        const key = tap.readString()
        entries[key] = this.valuesType._read(tap)
      }
    }
    return entries
  },
  _skip(this: { readonly valuesType: Part }, tap: Tap): void {
    for (let n = blockCount(tap, 1); n > 0; n = blockCount(tap, 1)) {
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
    assert.ok(name in prototype, `U1: the Avro library has no ${name} to guard; another version?`)
  }
  Object.assign(prototype, guard)
}
