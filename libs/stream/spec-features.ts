// Spec features: the list of features, where the key that is there tells the kind: `{ name, mean: amount, over: 7d }`.

import { nearest } from '../core/near.ts'
import {
  type AggregateOperation,
  aggregateOperations,
  type FeatureSpec,
  periods,
  type Span,
  type Transform,
  transforms,
} from './spec.ts'
import { choice, duration, text, yes } from './spec-rules.ts'
import {
  below,
  type Fault,
  fault,
  type MapTree,
  mapOf,
  optional,
  required,
  scalarAt,
  shown,
  type Tree,
} from './spec-tree.ts'

export const featuresMax = 256
export const oneHotValuesMax = 128

const featureName = text(/^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/, 'a name: a letter, then up to 63 letters, digits, _ . -')
export const fieldName = text(/^[^\s\p{Cc}]{1,200}$/u, 'the name of a field of the record')
const transformName = choice(transforms)
/** Panes of a window are an eighth of it, at least one millisecond long. */
const windowLength = duration('8ms', '366d')
const halfLife = duration('1ms', '366d')

/** Keys that tell the kind; the rest of a feature's keys follow from it. */
const kindKeys = ['cyclic', 'oneHot', ...aggregateOperations, 'sinceLast', 'delta', 'novelty', 'ratioToMean'] as const
type KindKey = (typeof kindKeys)[number]

const reserved = { per: 'features per another field than the key are reserved and not built yet: leave `per` out' }
const reservedOfExtremes = { ...reserved, halfLife: '`over: 7d`: an extreme does not fade, so it has no half-life' }

const spellings: Readonly<Record<KindKey | 'field', readonly string[]>> = {
  field: ['name', 'field', 'transform'],
  cyclic: ['name', 'field', 'cyclic'],
  oneHot: ['name', 'field', 'oneHot'],
  count: ['name', 'count', 'over', 'halfLife', 'transform'],
  rate: ['name', 'rate', 'over', 'halfLife', 'transform'],
  sum: ['name', 'sum', 'over', 'halfLife', 'transform'],
  mean: ['name', 'mean', 'over', 'halfLife', 'transform'],
  std: ['name', 'std', 'over', 'halfLife', 'transform'],
  min: ['name', 'min', 'over', 'transform'],
  max: ['name', 'max', 'over', 'transform'],
  sinceLast: ['name', 'sinceLast', 'transform'],
  delta: ['name', 'delta'],
  novelty: ['name', 'novelty'],
  ratioToMean: ['name', 'ratioToMean', 'over', 'halfLife', 'transform'],
}

export function readFeatures(root: MapTree, faults: Fault[]): FeatureSpec[] {
  const tree = root.entries.get('features')
  const expected = `a list of 1 to ${featuresMax} features`
  if (tree?.kind !== 'list' || tree.items.length === 0 || tree.items.length > featuresMax) {
    faults.push(fault(tree ?? { path: 'features', line: root.line }, shown(tree), expected))
    return []
  }
  const features: FeatureSpec[] = []
  const named = new Map<string, string>()
  for (const item of tree.items) {
    const feature = readFeature(item, faults)
    if (feature === null) continue
    const other = named.get(feature.name)
    if (other === undefined) named.set(feature.name, item.path)
    else if (feature.name !== '') {
      const path = below(item.path, 'name')
      faults.push(fault({ path, line: item.line }, `"${feature.name}", the name of ${other} too`, 'a name of its own'))
    }
    features.push(feature)
  }
  return features
}

function readFeature(tree: Tree, faults: Fault[]): FeatureSpec | null {
  if (tree.kind !== 'map') {
    faults.push(fault(tree, shown(tree), 'a feature such as { name: amount, field: amount }'))
    return null
  }
  const kind = kindOf(tree, faults)
  if (kind === null) return null
  const extreme = kind === 'min' || kind === 'max'
  const map = mapOf(
    tree,
    { known: spellings[kind], reserved: extreme ? reservedOfExtremes : reserved },
    tree,
    '',
    faults,
  )
  if (map === null) return null
  const name = required(map, 'name', featureName, faults)
  const transform = (): Transform => optional(map, 'transform', transformName, 'none', faults)
  switch (kind) {
    case 'field':
      return { kind: 'number', name, field: required(map, 'field', fieldName, faults), transform: transform() }
    case 'cyclic': {
      const period = required(map, 'cyclic', choice(periods), faults)
      return { kind: 'cyclic', name, field: required(map, 'field', fieldName, faults), period }
    }
    case 'oneHot':
      return {
        kind: 'one-hot',
        name,
        field: required(map, 'field', fieldName, faults),
        values: readValues(map, faults),
      }
    case 'sinceLast':
      required(map, 'sinceLast', yes, faults)
      return { kind: 'since-last', name, transform: transform() }
    case 'delta':
      return { kind: 'delta', name, field: required(map, 'delta', fieldName, faults) }
    case 'novelty':
      return { kind: 'novelty', name, field: required(map, 'novelty', fieldName, faults) }
    case 'ratioToMean': {
      const field = required(map, 'ratioToMean', fieldName, faults)
      return { kind: 'ratio', name, field, span: readSpan(map, kind, faults), transform: transform() }
    }
    default:
      return {
        kind: 'aggregate',
        name,
        operation: kind,
        field: readMeasured(map, kind, faults),
        span: readSpan(map, kind, faults),
        transform: transform(),
      }
  }
}

/** Which feature the keys spell; null, after a fault, where they spell none or two. */
function kindOf(map: MapTree, faults: Fault[]): KindKey | 'field' | null {
  const present = kindKeys.filter((key) => map.entries.has(key))
  const [kind] = present
  if (kind !== undefined && present.length === 1) return kind
  if (present.length === 0 && map.entries.has('field')) return 'field'
  const expected = `\`field\`, or one of ${kindKeys.join(', ')}`
  const known = ['name', 'field', 'transform', 'over', 'halfLife', ...kindKeys]
  const stray = [...map.entries.keys()].find((key) => !known.includes(key))
  const hint = stray === undefined ? null : nearest(stray, known)
  const found = present.length > 1 ? `${present.join(' and ')} at once` : shown(map)
  faults.push(fault(map, found, expected, hint))
  return null
}

function readMeasured(map: MapTree, operation: AggregateOperation, faults: Fault[]): string | null {
  if (operation !== 'count' && operation !== 'rate') return required(map, operation, fieldName, faults)
  required(map, operation, yes, faults)
  return null
}

function readSpan(map: MapTree, kind: KindKey, faults: Fault[]): Span {
  const over = map.entries.get('over')
  const half = map.entries.get('halfLife')
  const fades = spellings[kind].includes('halfLife')
  // A half-life where there is none was blamed when the keys were held against what is known.
  if (half !== undefined && !fades) return { kind: 'window', windowMs: windowLength.blank }
  if (half !== undefined && over === undefined)
    return { kind: 'half-life', halfLifeMs: scalarAt(half, halfLife, faults) }
  if (over !== undefined && half === undefined)
    return { kind: 'window', windowMs: scalarAt(over, windowLength, faults) }
  const found = over === undefined ? 'no span of time' : 'both over and halfLife'
  faults.push(fault(map, found, fades ? '`over: 7d` or `halfLife: 1d`' : '`over: 7d`'))
  return { kind: 'window', windowMs: windowLength.blank }
}

function readValues(map: MapTree, faults: Fault[]): string[] {
  const tree = map.entries.get('oneHot')
  const expected = `a list of 1 to ${oneHotValuesMax} different values`
  if (tree?.kind !== 'list' || tree.items.length === 0 || tree.items.length > oneHotValuesMax) {
    faults.push(fault(tree ?? { path: below(map.path, 'oneHot'), line: map.line }, shown(tree), expected))
    return []
  }
  const values: string[] = []
  for (const item of tree.items) {
    const value = item.kind === 'scalar' && item.value !== null ? String(item.value) : null
    if (value === null) faults.push(fault(item, shown(item), 'a text or a number'))
    else if (values.includes(value)) faults.push(fault(item, `${shown(item)} again`, expected))
    else values.push(value)
  }
  return values
}
