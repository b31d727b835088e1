// Projection plan: from a shape and the wants, the steps that walk a value's bytes once, in order. Steps are data;
// projection-code.ts prints them as a program.
// Invariants
//   P1 neighbours of fixed size become one step with one check of the bytes left, also across nested records.
//   P2 steps are at most linear in the schema: a record that is stepped over in more than one place, or that contains
//      itself, becomes a routine of its own; only along the path of a want is a record laid out in place.
//   P3 a long run of steps without a want is cut into routines: engines do not optimise a function of any length (measured:
//      900 mixed fields in one function are decoded fifty times slower).

import type { RecordShape, Shape } from './avro-schema.ts'
import type { WantTree } from './want-tree.ts'

export type FixedShape = Extract<Shape, { kind: 'boolean' | 'float' | 'double' | 'fixed' }>
export type VarintShape = Extract<Shape, { kind: 'int' | 'long' | 'enum' }>
export type BytesShape = Extract<Shape, { kind: 'string' | 'bytes' }>

export interface FixedRead {
  readonly offset: number
  readonly shape: FixedShape
  readonly wants: readonly number[]
}

export type Step =
  | { readonly kind: 'fixed'; readonly size: number; readonly reads: readonly FixedRead[] }
  | { readonly kind: 'varint'; readonly shape: VarintShape; readonly wants: readonly number[] }
  | { readonly kind: 'bytes'; readonly shape: BytesShape; readonly wants: readonly number[] }
  | { readonly kind: 'union'; readonly branches: readonly (readonly Step[])[] }
  | { readonly kind: 'items'; readonly keyed: boolean; readonly steps: readonly Step[] }
  /** A walk of its own; `nests` where it goes one level deeper into a value. */
  | { readonly kind: 'routine'; readonly index: number; readonly nests: boolean }
  | { readonly kind: 'missing'; readonly wants: readonly number[] }

export interface Plan {
  readonly steps: readonly Step[]
  readonly routines: readonly (readonly Step[])[]
}

const NOTHING: WantTree = { wants: [], all: [], children: new Map() }

export function plan(root: Shape, wants: WantTree): Plan {
  const references = new Map<Shape, number>()
  count(root, references)
  const indices = new Map<RecordShape, number>()
  const routines: Step[][] = []
  const open = new Set<number>()
  const routineOf = (shape: RecordShape): number => {
    const known = indices.get(shape)
    if (known !== undefined) return known
    const index = routines.length
    indices.set(shape, index)
    routines.push([])
    open.add(index)
    routines[index] = chunked(merged(shape.fields.flatMap((field) => steps(field.shape, NOTHING))), routines)
    open.delete(index)
    return index
  }
  const steps = (shape: Shape, tree: WantTree): Step[] => {
    if (shape.kind === 'record') return recordSteps(shape, tree)
    if (shape.kind === 'union') {
      return [{ kind: 'union', branches: shape.branches.map((branch) => merged(steps(branch, tree))) }]
    }
    // A branch that is no record has none of the fields that are wanted of the record beside it.
    const lacking = shape.kind === 'null' ? tree.all : tree.all.filter((want) => !tree.wants.includes(want))
    const own = leafSteps(shape, tree)
    return lacking.length === 0 ? own : [...own, { kind: 'missing', wants: lacking }]
  }
  const leafSteps = (shape: Exclude<Shape, { kind: 'record' | 'union' }>, tree: WantTree): Step[] => {
    switch (shape.kind) {
      case 'null':
        return []
      case 'boolean':
        return [{ kind: 'fixed', size: 1, reads: read(shape, tree) }]
      case 'float':
        return [{ kind: 'fixed', size: 4, reads: read(shape, tree) }]
      case 'double':
        return [{ kind: 'fixed', size: 8, reads: read(shape, tree) }]
      case 'fixed':
        return [{ kind: 'fixed', size: shape.size, reads: read(shape, tree) }]
      case 'int':
      case 'long':
      case 'enum':
        return [{ kind: 'varint', shape, wants: tree.wants }]
      case 'string':
      case 'bytes':
        return [{ kind: 'bytes', shape, wants: tree.wants }]
      case 'array':
        return [{ kind: 'items', keyed: false, steps: merged(steps(shape.items, NOTHING)) }]
      case 'map':
        return [{ kind: 'items', keyed: true, steps: merged(steps(shape.values, NOTHING)) }]
      default:
        throw shape satisfies never
    }
  }
  const recordSteps = (shape: RecordShape, tree: WantTree): Step[] => {
    if (tree.children.size === 0 && (references.get(shape) ?? 0) > 1) {
      const index = routineOf(shape)
      const routine = routines[index] ?? []
      // A routine of nothing but fixed sizes is laid out in place: it merges with its neighbours and costs one addition,
      // however many references stand for it.
      const plain = !open.has(index) && routine.every((step) => step.kind === 'fixed')
      return plain ? routine : [{ kind: 'routine', index, nests: true }]
    }
    const inside = shape.fields.flatMap((field) => steps(field.shape, tree.children.get(field.name) ?? NOTHING))
    const absent = [...tree.children]
      .filter(([name]) => !shape.fields.some((field) => field.name === name))
      .flatMap(([, child]) => child.all)
    return absent.length === 0 ? inside : [...inside, { kind: 'missing', wants: absent }]
  }
  return { steps: chunked(merged(steps(root, wants)), routines), routines }
}

function read(shape: FixedShape, tree: WantTree): FixedRead[] {
  return tree.wants.length === 0 ? [] : [{ offset: 0, shape, wants: tree.wants }]
}

/** How often each record is referred to; a record that contains itself counts at least twice. */
function count(shape: Shape, references: Map<Shape, number>): void {
  switch (shape.kind) {
    case 'record': {
      const before = references.get(shape) ?? 0
      references.set(shape, before + 1)
      if (before === 0) for (const field of shape.fields) count(field.shape, references)
      return
    }
    case 'array':
      count(shape.items, references)
      return
    case 'map':
      count(shape.values, references)
      return
    case 'union':
      for (const branch of shape.branches) count(branch, references)
      return
    default:
  }
}

function merged(steps: readonly Step[]): Step[] {
  const out: Step[] = []
  for (const step of steps) {
    const last = out.at(-1)
    if (step.kind === 'fixed' && last?.kind === 'fixed') {
      const reads = step.reads.map((one) => ({ ...one, offset: one.offset + last.size }))
      out[out.length - 1] = { kind: 'fixed', size: last.size + step.size, reads: [...last.reads, ...reads] }
    } else if (step.kind === 'missing' && out.length > 0 && last?.kind === 'fixed') {
      // Order among cells does not matter: keeps the fixed step open for its next neighbour.
      out.splice(out.length - 1, 0, step)
    } else {
      out.push(step)
    }
  }
  return out
}

/** Steps in one routine, and the shortest run that is cut. */
const CHUNK = 48
const RUN_MIN = 2 * CHUNK

function chunked(steps: readonly Step[], routines: Step[][]): Step[] {
  const out: Step[] = []
  for (let from = 0; from < steps.length; ) {
    let to = from
    while (to < steps.length && isFree(steps[to])) to++
    if (to - from < RUN_MIN) {
      to = Math.max(to, from + 1)
      out.push(...steps.slice(from, to))
    } else {
      for (let at = from; at < to; at += CHUNK) {
        const index = routines.push(steps.slice(at, Math.min(at + CHUNK, to))) - 1
        out.push({ kind: 'routine', index, nests: false })
      }
    }
    from = to
  }
  return out
}

/** Whether a step only steps over. */
function isFree(step: Step | undefined): boolean {
  switch (step?.kind) {
    case 'fixed':
      return step.reads.length === 0
    case 'varint':
    case 'bytes':
      return step.wants.length === 0
    case 'union':
      return step.branches.every((branch) => branch.every(isFree))
    case 'items':
    case 'routine':
      return true
    default:
      return false
  }
}
