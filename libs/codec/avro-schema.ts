// Avro schema: the text of a schema as a tree of shapes, names resolved, limits held. Written schemas are untrusted: they
// come from registries and files. What is accepted here is checked once more by the Avro library (avro.ts).
// Invariants
//   A1 the text is at most textBytesMax bytes; shapes nest at most depthMax deep, defined fields are at most fieldsMax.
//   A2 items of an array are never of zero bytes, so that a count is bounded by the bytes that are left.
//   A3 no record contains itself without a union, array or map in between, and references expanded in place give at most
//      expandedMax fields: a short text cannot stand for a value of endless or exponential length.
//   A4 every failure names the place in the schema.

import { Failure } from '../core/failure.ts'

export const textBytesMax = 262_144
export const depthMax = 32
export const fieldsMax = 1_000
export const expandedMax = 10_000
/** Bytes of one fixed type. */
export const fixedBytesMax = 1_048_576
/** Fewest bytes that a value may need. */
export const valueBytesMax = 67_108_864

const primitives = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'] as const
export type PrimitiveKind = (typeof primitives)[number]

/** What a logical type adds: a decimal has a scale; of the others only the name matters. */
export interface Logical {
  readonly name: string
  readonly scale: number
}

export interface Field {
  readonly name: string
  readonly shape: Shape
}

type PrimitiveShape = {
  [Kind in PrimitiveKind]: { readonly kind: Kind; readonly logical: Logical | null }
}[PrimitiveKind]

export type Shape =
  | PrimitiveShape
  | { readonly kind: 'fixed'; readonly name: string; readonly size: number; readonly logical: Logical | null }
  | { readonly kind: 'enum'; readonly name: string; readonly symbols: readonly string[] }
  | { readonly kind: 'array'; readonly items: Shape }
  | { readonly kind: 'map'; readonly values: Shape }
  | { readonly kind: 'union'; readonly branches: readonly Shape[] }
  | { readonly kind: 'record'; readonly name: string; readonly fields: readonly Field[] }

export type RecordShape = Extract<Shape, { kind: 'record' }>

/** The shape that a schema's text describes; Failure('schema-invalid') otherwise. */
export function shapeOf(text: string): Shape {
  if (Buffer.byteLength(text) > textBytesMax) throw invalid('', `is larger than ${textBytesMax} bytes`)
  let schema: unknown
  try {
    schema = JSON.parse(text)
  } catch (thrown) {
    // A bare word such as `string` is what some tools print for a schema that is only a name.
    throw invalid('', `is not JSON: ${Failure.of(thrown, 'schema-invalid').message}`)
  }
  const scope: Scope = { names: new Map(), arrays: [], fields: 0 }
  const shape = parse(schema, { path: '', namespace: '', depth: 0 }, scope)
  const measures: Measures = new Map()
  for (const [name, named] of scope.names) measure(named, measures, name)
  for (const { items, path } of scope.arrays) {
    if (measure(items, measures, path).bytesMin === 0) throw invalid(path, 'is an array whose items take no bytes')
  }
  return shape
}

interface Scope {
  readonly names: Map<string, Shape>
  readonly arrays: { readonly items: Shape; readonly path: string }[]
  fields: number
}

interface Place {
  readonly path: string
  readonly namespace: string
  readonly depth: number
}

type Attributes = Readonly<Record<string, unknown>>

function invalid(path: string, what: string): Failure {
  return new Failure('schema-invalid', `schema${path === '' ? '' : ` at ${path}`} ${what}`)
}

function isAttributes(value: unknown): value is Attributes {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isPrimitive(name: unknown): name is PrimitiveKind {
  return primitives.some((primitive) => primitive === name)
}

function own(attributes: Attributes, name: string): unknown {
  return Object.hasOwn(attributes, name) ? attributes[name] : undefined
}

function parse(schema: unknown, place: Place, scope: Scope): Shape {
  if (place.depth > depthMax) throw invalid(place.path, `nests deeper than ${depthMax}`)
  if (typeof schema === 'string') return reference(schema, place, scope)
  if (Array.isArray(schema)) return unionShape(schema, place, scope)
  if (!isAttributes(schema)) throw invalid(place.path, `is ${JSON.stringify(schema)}, which is no type`)
  const type = own(schema, 'type')
  if (isPrimitive(type)) return { kind: type, logical: logicalOf(schema) }
  switch (type) {
    case 'record':
    case 'error':
      return recordShape(schema, place, scope)
    case 'enum':
      return enumShape(schema, place, scope)
    case 'fixed':
      return fixedShape(schema, place, scope)
    case 'array': {
      const items = parse(own(schema, 'items'), below(place, 'items'), scope)
      scope.arrays.push({ items, path: place.path })
      return { kind: 'array', items }
    }
    case 'map':
      return { kind: 'map', values: parse(own(schema, 'values'), below(place, 'values'), scope) }
    default:
      throw invalid(place.path, `has the type ${JSON.stringify(type)}, which is not known`)
  }
}

function below(place: Place, name: string): Place {
  const path = place.path === '' ? name : `${place.path}.${name}`
  return { path, namespace: place.namespace, depth: place.depth + 1 }
}

function reference(name: string, place: Place, scope: Scope): Shape {
  const last = name.slice(name.lastIndexOf('.') + 1)
  if (isPrimitive(last)) return { kind: last, logical: null }
  const found = scope.names.get(qualified(name, place.namespace))
  if (found === undefined)
    throw invalid(place.path, `refers to ${JSON.stringify(name)}, which is not defined before it`)
  return found
}

function qualified(name: string, namespace: string): string {
  return name.includes('.') || namespace === '' ? name : `${namespace}.${name}`
}

function unionShape(schema: readonly unknown[], place: Place, scope: Scope): Shape {
  if (schema.length === 0) throw invalid(place.path, 'is a union of nothing')
  const branches = schema.map((branch, i) => parse(branch, below(place, `[${i}]`), scope))
  if (branches.some((branch) => branch.kind === 'union')) throw invalid(place.path, 'is a union within a union')
  return { kind: 'union', branches }
}

/** The full name of a definition, and the namespace that holds inside it. */
function naming(schema: Attributes, place: Place, scope: Scope): { name: string; namespace: string } {
  const name = own(schema, 'name')
  const stated = own(schema, 'namespace')
  if (typeof name !== 'string' || !/^[A-Za-z_.][\w.]*$/.test(name)) throw invalid(place.path, 'has no valid name')
  if (stated !== undefined && typeof stated !== 'string') throw invalid(place.path, 'has a namespace that is no text')
  const dot = name.lastIndexOf('.')
  const namespace = stated ?? (dot > 0 ? name.slice(0, dot) : place.namespace)
  const full = qualified(name, namespace)
  if (isPrimitive(name.slice(dot + 1))) throw invalid(place.path, `gives the name of a primitive, ${name}`)
  if (scope.names.has(full)) throw invalid(place.path, `defines ${full} twice`)
  return { name: full, namespace }
}

function recordShape(schema: Attributes, place: Place, scope: Scope): Shape {
  const { name, namespace } = naming(schema, place, scope)
  const list = own(schema, 'fields')
  if (!Array.isArray(list)) throw invalid(place.path, 'is a record without a list of fields')
  scope.fields += list.length
  if (scope.fields > fieldsMax) throw invalid(place.path, `brings the fields to more than ${fieldsMax}`)
  const fields: Field[] = []
  const shape: Shape = { kind: 'record', name, fields }
  // Registered before its fields are read: a record may refer to itself.
  scope.names.set(name, shape)
  for (const [i, field] of list.entries()) {
    const fieldName = isAttributes(field) ? own(field, 'name') : undefined
    if (!isAttributes(field) || typeof fieldName !== 'string') {
      throw invalid(below(place, `fields[${i}]`).path, 'is a field without a name')
    }
    const inside = { ...below(place, fieldName), namespace }
    if (fields.some((other) => other.name === fieldName)) throw invalid(inside.path, 'is there twice')
    fields.push({ name: fieldName, shape: parse(own(field, 'type'), inside, scope) })
  }
  return shape
}

function enumShape(schema: Attributes, place: Place, scope: Scope): Shape {
  const { name } = naming(schema, place, scope)
  const symbols = own(schema, 'symbols')
  if (!Array.isArray(symbols) || symbols.length === 0) throw invalid(place.path, 'is an enum without symbols')
  const texts = symbols.filter((symbol) => typeof symbol === 'string')
  if (texts.length < symbols.length) throw invalid(place.path, 'has a symbol that is no text')
  const shape: Shape = { kind: 'enum', name, symbols: texts }
  scope.names.set(name, shape)
  return shape
}

function fixedShape(schema: Attributes, place: Place, scope: Scope): Shape {
  const { name } = naming(schema, place, scope)
  const size = own(schema, 'size')
  if (typeof size !== 'number' || !Number.isInteger(size) || size < 0 || size > fixedBytesMax) {
    throw invalid(place.path, `has a size that is no number of bytes up to ${fixedBytesMax}`)
  }
  const shape: Shape = { kind: 'fixed', name, size, logical: logicalOf(schema) }
  scope.names.set(name, shape)
  return shape
}

/** A logical type that is not well formed is ignored, as the Avro specification demands. */
function logicalOf(schema: Attributes): Logical | null {
  const name = own(schema, 'logicalType')
  if (typeof name !== 'string') return null
  const scale = own(schema, 'scale') ?? 0
  if (name !== 'decimal') return { name, scale: 0 }
  const precision = own(schema, 'precision')
  if (typeof scale !== 'number' || !Number.isInteger(scale) || scale < 0) return null
  if (typeof precision !== 'number' || !Number.isInteger(precision) || precision < 1 || scale > precision) return null
  return { name, scale }
}

/** Fewest bytes of a value, and the fields that it has when references are expanded in place. */
interface Measure {
  readonly bytesMin: number
  readonly expanded: number
}
type Measures = Map<Shape, Measure | 'open'>

function measure(shape: Shape, seen: Measures, path: string): Measure {
  if (shape.kind !== 'record') return { bytesMin: plainBytesMin(shape), expanded: 0 }
  const known = seen.get(shape)
  if (known === 'open') throw invalid(path, `has ${shape.name} contain itself without an end`)
  if (known !== undefined) return known
  seen.set(shape, 'open')
  let bytesMin = 0
  let expanded = 0
  for (const field of shape.fields) {
    const part = measure(field.shape, seen, `${path}.${field.name}`)
    bytesMin += part.bytesMin
    expanded += 1 + part.expanded
  }
  if (expanded > expandedMax) throw invalid(path, `stands for more than ${expandedMax} fields in one value`)
  if (bytesMin > valueBytesMax) throw invalid(path, `stands for more than ${valueBytesMax} bytes in every value`)
  const measured = { bytesMin, expanded }
  seen.set(shape, measured)
  return measured
}

function plainBytesMin(shape: Exclude<Shape, RecordShape>): number {
  switch (shape.kind) {
    case 'null':
      return 0
    case 'fixed':
      return shape.size
    case 'float':
      return 4
    case 'double':
      return 8
    default:
      return 1
  }
}
