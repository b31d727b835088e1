// Projectable: whether a schema can give what is wanted. Lists every problem at once, with the near name where there is one.

import { type Shape, shapeOf } from './avro-schema.ts'
import type { Want } from './columns.ts'

export interface Problem {
  readonly field: string
  readonly message: string
}

/** Failure('schema-invalid') when the text itself is no schema. */
export function projectable(schemaText: string, wants: readonly Want[]): Problem[] {
  return problemsOf(shapeOf(schemaText), wants)
}

export function problemsOf(root: Shape, wants: readonly Want[]): Problem[] {
  const problems: Problem[] = []
  if (recordsIn(root).length === 0)
    return [{ field: '', message: `the schema describes ${naming(root)}, not a record` }]
  for (const want of wants) {
    const message = problemOf(root, want)
    if (message !== null) problems.push({ field: want.field, message })
  }
  return problems
}

function problemOf(root: Shape, want: Want): string | null {
  let shapes: readonly Shape[] = [root]
  const walked: string[] = []
  for (const part of want.field.split('.')) {
    const records = shapes.flatMap(recordsIn)
    const where = walked.length === 0 ? 'the schema' : walked.join('.')
    if (records.length === 0) return `${where} is ${shapes.map(naming).join(' or ')}, which has no fields`
    const fields = records.flatMap((record) => record.fields)
    const found = fields.filter((field) => field.name === part)
    if (found.length === 0) {
      const near = nearest(
        part,
        fields.map((field) => field.name),
      )
      return `${where} has no field ${part}${near === null ? '' : `; did you mean ${[...walked, near].join('.')}?`}`
    }
    shapes = found.map((field) => field.shape)
    walked.push(part)
  }
  const unfit = shapes.flatMap(branchesOf).find((shape) => shape.kind !== 'null' && !fits(shape, want))
  return unfit === undefined ? null : `is ${naming(unfit)}, but ${expected(want)} is needed`
}

function branchesOf(shape: Shape): readonly Shape[] {
  return shape.kind === 'union' ? shape.branches : [shape]
}

function recordsIn(shape: Shape): Extract<Shape, { kind: 'record' }>[] {
  return branchesOf(shape).flatMap((branch) => (branch.kind === 'record' ? [branch] : []))
}

function fits(shape: Shape, want: Want): boolean {
  switch (shape.kind) {
    case 'int':
    case 'long':
    case 'boolean':
      return want.kind !== 'number' || want.parse === 'number'
    case 'float':
    case 'double':
      return want.kind === 'text' || (want.kind === 'number' && want.parse === 'number')
    case 'string':
      return want.kind !== 'number' || want.parse === 'iso'
    case 'enum':
      return want.kind !== 'number'
    case 'bytes':
    case 'fixed':
      if (want.kind === 'number') return want.parse === 'number' && shape.logical?.name === 'decimal'
      return want.kind === 'text'
    default:
      return false
  }
}

function expected(want: Want): string {
  switch (want.kind) {
    case 'number':
      return want.parse === 'iso' ? 'a string that holds an ISO 8601 time' : 'a number'
    case 'category':
      return 'a string, an enum, a boolean or an integer'
    case 'text':
      return 'a string, bytes, an enum, a boolean or a number'
    default:
      throw want satisfies never
  }
}

function naming(shape: Shape): string {
  switch (shape.kind) {
    case 'record':
    case 'enum':
    case 'fixed':
      return `the ${shape.kind} ${shape.name}`
    case 'union':
      return `a union of ${shape.branches.map((branch) => branch.kind).join(', ')}`
    case 'array':
    case 'int':
      return `an ${shape.kind}`
    case 'bytes':
      return 'bytes'
    default:
      return `a ${shape.kind}`
  }
}

/** The nearest name within a third of its length in edits, or null. */
function nearest(name: string, names: readonly string[]): string | null {
  let best: string | null = null
  let bestEdits = Number.POSITIVE_INFINITY
  for (const other of names) {
    const edits = editsBetween(name.toLowerCase(), other.toLowerCase())
    const editsMax = Math.min(name.length - 1, Math.max(1, Math.floor(Math.max(name.length, other.length) / 3)))
    if (edits < bestEdits && edits <= editsMax) {
      best = other
      bestEdits = edits
    }
  }
  return best
}

function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
