// Spec tree: a parsed document as plain values that know their place, and the reading of values out of it against rules.
// It knows nothing of YAML and nothing of what a spec means.
// Invariants
//   T1 reading never throws: what is wrong becomes a fault, and the rule's blank stands in, so that reading goes on and
//      one pass finds every fault.
//   T2 a fault names the path, the line, what was found and what was expected.

import { nearest } from '../core/near.ts'

export type Scalar = string | number | boolean | null

export type Tree =
  | { readonly kind: 'map'; readonly path: string; readonly line: number; readonly entries: ReadonlyMap<string, Tree> }
  | { readonly kind: 'list'; readonly path: string; readonly line: number; readonly items: readonly Tree[] }
  | { readonly kind: 'scalar'; readonly path: string; readonly line: number; readonly value: Scalar }

export type MapTree = Extract<Tree, { kind: 'map' }>

export interface Fault {
  /** `features[2].over`; empty for the document itself. */
  readonly path: string
  /** Counted from 1; 0 where there is no line to show. */
  readonly line: number
  readonly found: string
  readonly expected: string
  /** A nearby word that would be right, or null. */
  readonly hint: string | null
}

export function fault(
  at: { path: string; line: number },
  found: string,
  expected: string,
  hint: string | null = null,
): Fault {
  return { path: at.path, line: at.line, found, expected, hint }
}

/** What a scalar may be. */
export interface Rule<T> {
  readonly expected: string
  /** undefined = refused. */
  readonly accept: (value: Scalar) => T | undefined
  /** Stands in where the value is wrong or missing (T1). */
  readonly blank: T
  /** Words to compare a wrong value with. */
  readonly words: readonly string[]
}

/** What the keys of a map may be. */
export interface Keys {
  readonly known: readonly string[]
  /** Keys that will mean something later, with a word on each. */
  readonly reserved: Readonly<Record<string, string>>
}

const FOUND_LENGTH_MAX = 60

/** A tree as it is shown in a fault. */
export function shown(tree: Tree | undefined): string {
  if (tree === undefined) return 'nothing'
  if (tree.kind === 'map')
    return tree.entries.size === 0 ? 'an empty map' : `a map of ${[...tree.entries.keys()].slice(0, 4).join(', ')}`
  if (tree.kind === 'list') return `a list of ${tree.items.length}`
  const text = JSON.stringify(tree.value)
  return text.length > FOUND_LENGTH_MAX ? `${text.slice(0, FOUND_LENGTH_MAX)}…` : text
}

/** The map at `tree` with its keys held against `keys`; null, after a fault, where it is none. */
export function mapOf(tree: Tree | undefined, keys: Keys, place: Tree, name: string, faults: Fault[]): MapTree | null {
  if (tree === undefined || tree.kind !== 'map') {
    const path = tree?.path ?? below(place.path, name)
    faults.push({
      path,
      line: tree?.line ?? place.line,
      found: shown(tree),
      expected: `a map of ${keys.known.join(', ')}`,
      hint: null,
    })
    return null
  }
  checkKeys(tree, keys, faults)
  return tree
}

function checkKeys(tree: MapTree, keys: Keys, faults: Fault[]): void {
  for (const [key, entry] of tree.entries) {
    if (keys.known.includes(key)) continue
    const { path, line } = entry
    const reserved = Object.hasOwn(keys.reserved, key) ? keys.reserved[key] : undefined
    if (reserved !== undefined) faults.push(fault({ path, line }, `the reserved key \`${key}\``, reserved))
    else {
      const hint = nearest(key, keys.known)
      faults.push(fault({ path, line }, `the unknown key \`${key}\``, `one of ${keys.known.join(', ')}`, hint))
    }
  }
}

/** The value of a key that must be there. */
export function required<T>(map: MapTree, key: string, rule: Rule<T>, faults: Fault[]): T {
  const tree = map.entries.get(key)
  if (tree !== undefined) return scalarAt(tree, rule, faults)
  faults.push({ path: below(map.path, key), line: map.line, found: 'nothing', expected: rule.expected, hint: null })
  return rule.blank
}

/** The value of a key, or `otherwise` where the key is absent. */
export function optional<T>(map: MapTree | null, key: string, rule: Rule<T>, otherwise: T, faults: Fault[]): T {
  const tree = map?.entries.get(key)
  return tree === undefined ? otherwise : scalarAt(tree, rule, faults)
}

export function scalarAt<T>(tree: Tree, rule: Rule<T>, faults: Fault[]): T {
  if (tree.kind === 'scalar') {
    const accepted = rule.accept(tree.value)
    if (accepted !== undefined) return accepted
  }
  const hint = tree.kind === 'scalar' && typeof tree.value === 'string' ? nearest(tree.value, rule.words) : null
  faults.push({ path: tree.path, line: tree.line, found: shown(tree), expected: rule.expected, hint })
  return rule.blank
}

export function below(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}
