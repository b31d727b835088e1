// Spec schema: the fields that a spec names, held against the Avro schema it names: are they there, are they of a kind
// that can be read as what is wanted, can an enum ever have the listed values.

import { type Shape, shapeOf } from '../codec/avro-schema.ts'
import type { Want } from '../codec/columns.ts'
import { problemsOf } from '../codec/projectable.ts'
import { Failure } from '../core/failure.ts'
import { nearest } from '../core/near.ts'
import type { Spec } from './spec.ts'
import { type Fault, fault, type MapTree, shown, type Tree } from './spec-tree.ts'

interface Reference {
  readonly tree: Tree
  readonly want: Want
  /** Of a one-hot feature. */
  readonly listed: readonly Tree[]
}

export function checkFields(root: MapTree, source: Spec['source'], faults: Fault[]): void {
  if (source.schema.kind !== 'text' || source.schema.text === '') return
  const at = treeAt(root, ['source', 'schema']) ?? root
  let shape: Shape
  try {
    shape = shapeOf(source.schema.text)
  } catch (thrown) {
    const { message } = Failure.of(thrown, 'schema-invalid')
    faults.push(fault(at, message, 'an Avro schema of a record'))
    return
  }
  if (shape.kind !== 'record') {
    faults.push(fault(at, `a schema of ${shape.kind}`, 'a record'))
    return
  }
  for (const { tree, want, listed } of references(root, source)) {
    const { path, line } = tree
    const [problem] = problemsOf(shape, [want])
    if (problem === undefined) checkSymbols(listed, shape, want.field, faults)
    else {
      const hint = nearest(
        want.field,
        shape.fields.map((field) => field.name),
      )
      const found = `"${want.field}": ${problem.message.replace(/; did you mean.*$/, '')}`
      faults.push(fault({ path, line }, found, `a field of ${shape.name} that can be read as ${need(want)}`, hint))
    }
  }
}

function need(want: Want): string {
  switch (want.kind) {
    case 'number':
      return want.parse === 'iso' ? 'an ISO 8601 time' : 'a number'
    case 'category':
      return 'a category'
    case 'text':
      return 'a text'
    default:
      return want satisfies never
  }
}

/** Every place that names a field; by the tree, since a feature with a fault of its own never became a value. */
function references(root: MapTree, source: Spec['source']): Reference[] {
  const parse = source.time.unit === 'iso' ? 'iso' : 'number'
  const found: Reference[] = []
  const add = (tree: Tree | null, want: (field: string) => Want, listed: readonly Tree[] = []): void => {
    if (tree?.kind === 'scalar' && typeof tree.value === 'string') found.push({ tree, want: want(tree.value), listed })
  }
  add(treeAt(root, ['source', 'key', 'field']), (field) => ({ kind: 'text', field }))
  add(treeAt(root, ['source', 'time', 'field']), (field) => ({ kind: 'number', field, parse }))
  add(treeAt(root, ['source', 'id']), (field) => ({ kind: 'text', field }))
  const features = root.entries.get('features')
  for (const item of features?.kind === 'list' ? features.items : []) {
    if (item.kind !== 'map') continue
    const field = item.entries.get('field') ?? null
    if (item.entries.has('cyclic')) add(field, (name) => ({ kind: 'number', field: name, parse }))
    else if (item.entries.has('oneHot')) {
      const values = item.entries.get('oneHot')
      add(field, (name) => ({ kind: 'category', field: name, values: [] }), values?.kind === 'list' ? values.items : [])
    } else add(field, (name) => ({ kind: 'number', field: name, parse: 'number' }))
    for (const key of ['sum', 'mean', 'std', 'min', 'max', 'delta', 'novelty', 'ratioToMean']) {
      add(item.entries.get(key) ?? null, (name) => ({ kind: 'number', field: name, parse: 'number' }))
    }
  }
  return found
}

/** A value that an enum does not know can never come: it is a typing error. */
function checkSymbols(listed: readonly Tree[], root: Shape, field: string, faults: Fault[]): void {
  const symbols = symbolsOf(root, field.split('.'))
  if (symbols === null) return
  for (const tree of listed) {
    if (tree.kind !== 'scalar' || symbols.includes(String(tree.value))) continue
    const { path, line } = tree
    const hint = nearest(String(tree.value), symbols)
    faults.push(fault({ path, line }, shown(tree), `a symbol of the enum: ${symbols.join(', ')}`, hint))
  }
}

/** The symbols of the field, if it is an enum or null; null for any other. */
function symbolsOf(root: Shape, parts: readonly string[]): readonly string[] | null {
  const branches = (root.kind === 'union' ? root.branches : [root]).filter((branch) => branch.kind !== 'null')
  const [only] = branches
  if (only === undefined || branches.length > 1) return null
  const [part, ...rest] = parts
  if (part === undefined) return only.kind === 'enum' ? only.symbols : null
  const field = only.kind === 'record' ? only.fields.find((each) => each.name === part) : undefined
  return field === undefined ? null : symbolsOf(field.shape, rest)
}

function treeAt(root: MapTree, keys: readonly string[]): Tree | null {
  let tree: Tree | undefined = root
  for (const key of keys) tree = tree?.kind === 'map' ? tree.entries.get(key) : undefined
  return tree ?? null
}
