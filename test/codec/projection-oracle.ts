// The oracle of projections: what the columns of a record must hold, told from the whole record that the Avro library
// decodes behind its guard.

import { avroTypeOf } from '../../libs/codec/avro.ts'
import { type Shape, shapeOf } from '../../libs/codec/avro-schema.ts'
import { Columns, type Decoder, type Want } from '../../libs/codec/columns.ts'
import { isoMs } from '../../libs/codec/iso.ts'
import { projectable } from '../../libs/codec/projectable.ts'
import { type Records, recordsOf } from '../../libs/core/records.ts'
import { reasonOf } from '../../libs/core/verdict.ts'

/** null = missing. */
export type Cell = number | string | null

export type Expected =
  | { readonly kind: 'cells'; readonly cells: readonly Cell[] }
  /** Wanted cells alone make the record bad; any of these reasons will do. */
  | { readonly kind: 'faults'; readonly reasons: readonly string[] }
  | { readonly kind: 'undecodable' }

export function expectedOf(schemaText: string, wants: readonly Want[], bytes: Uint8Array): Expected {
  const decoded = avroTypeOf(schemaText).decode(bytes)
  if (decoded.kind === 'undecodable') return decoded
  const root = shapeOf(schemaText)
  const reasons: string[] = []
  const cells = wants.map((want) => cell(root, decoded.value, want.field.split('.'), want, reasons))
  return reasons.length > 0 ? { kind: 'faults', reasons } : { kind: 'cells', cells }
}

function cell(shape: Shape, value: unknown, path: readonly string[], want: Want, reasons: string[]): Cell {
  if (value === null || value === undefined) return null
  if (shape.kind === 'union') {
    const branch = shape.branches.find(({ kind }) => kind !== 'null')
    return branch === undefined ? null : cell(branch, value, path, want, reasons)
  }
  if (shape.kind === 'record') {
    const [name = '', ...rest] = path
    const field = shape.fields.find((one) => one.name === name)
    return field === undefined ? null : cell(field.shape, Reflect.get(Object(value), name), rest, want, reasons)
  }
  // The library does not mind an int of more than 32 bits; the schema does.
  if (shape.kind === 'int' && Math.abs(Number(value) + 0.5) > 2 ** 31) reasons.push('undecodable')
  if (want.kind === 'number') return numberCell(shape, value, want.parse, reasons)
  if (typeof value === 'number' && !Number.isFinite(value)) reasons.push('not-finite')
  const text = value instanceof Uint8Array ? Buffer.from(value).toString() : String(value)
  return want.kind === 'category' ? want.values.indexOf(text) : text
}

function numberCell(shape: Shape, value: unknown, parse: 'number' | 'iso', reasons: string[]): Cell {
  if (parse === 'iso') {
    // A damaged time may be another one; what a time is has a test of its own (iso.test.ts).
    const bytes = Buffer.from(String(value))
    const ms = typeof value === 'string' ? isoMs(bytes, 0, bytes.length) : Number.NaN
    if (!Number.isNaN(ms)) return ms
    reasons.push('undecodable')
    return null
  }
  if (value instanceof Uint8Array && 'logical' in shape) {
    if (value.length === 0) {
      reasons.push('undecodable')
      return null
    }
    const unscaled = BigInt.asIntN(8 * value.length, BigInt(`0x${Buffer.from(value).toString('hex')}`))
    if (unscaled > 2n ** 53n - 1n || unscaled < 1n - 2n ** 53n) reasons.push('imprecise')
    return Number(`${unscaled}e-${shape.logical?.scale ?? 0}`)
  }
  const number = Number(value)
  if (!Number.isFinite(number)) reasons.push('not-finite')
  return number
}

/** What the columns hold of each record: the reason of its fault, or its cells. */
export function projected(
  decoder: Decoder,
  wants: readonly Want[],
  values: readonly Uint8Array[],
): (string | Cell[])[] {
  // Bytes around every value, so that a read beyond it would change something.
  const framed = values.flatMap((value) => [{ key: Buffer.from([255, 255]), value, timestampMs: 0 }])
  const records = recordsOf(framed)
  const columns = new Columns(wants, values.length)
  const reached = decoder.decode(records, 0, values.length, columns)
  if (reached !== values.length) throw new Error(`stopped at ${reached} of ${values.length}`)
  return values.map((_, row) => {
    const fault = columns.faults[row] ?? 0
    return fault === 0
      ? wants.map((want, w) => cellIn(records, columns, want, w, row))
      : (reasonOf(fault) ?? `${fault}`)
  })
}

function cellIn(records: Records, columns: Columns, want: Want, w: number, row: number): Cell {
  switch (want.kind) {
    case 'number': {
      const value = columns.numbers[w]?.[row] ?? Number.NaN
      return Number.isNaN(value) ? null : value
    }
    case 'category': {
      const code = columns.codes[w]?.[row] ?? -3
      return code === -2 ? null : code
    }
    case 'text': {
      const length = columns.textLength[w]?.[row] ?? -1
      if (length < 0) return null
      const at = columns.textAt[w]?.[row] ?? 0
      const bytes = columns.textScratch[w]?.[row] === 1 ? columns.scratch : records.bytes
      return Buffer.from(bytes.subarray(at, at + length)).toString()
    }
    default:
      throw want satisfies never
  }
}

/** Every want that the schema can give, of paths up to two records deep. */
export function wantsOf(schemaText: string): Want[] {
  const wants: Want[] = []
  const walk = (shape: Shape, path: readonly string[]): void => {
    if (shape.kind === 'union') for (const branch of shape.branches) walk(branch, path)
    else if (shape.kind === 'record' && path.length < 3) {
      for (const field of shape.fields) walk(field.shape, [...path, field.name])
    } else if (path.length > 0) {
      const field = path.join('.')
      const symbols = shape.kind === 'enum' ? shape.symbols.slice(0, 2) : []
      wants.push({ kind: 'number', field, parse: 'number' }, { kind: 'number', field, parse: 'iso' })
      wants.push({ kind: 'category', field, values: ['é', 'false', '1', '-3', '', ...symbols] })
      wants.push({ kind: 'text', field })
    }
  }
  walk(shapeOf(schemaText), [])
  return wants.filter((want) => projectable(schemaText, [want]).length === 0)
}
