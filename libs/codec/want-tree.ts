// Want tree: the wanted fields by the parts of their dotted paths. `transaction.amount` is the field `amount` of the record
// that the field `transaction` holds.

import type { Want } from './columns.ts'

export interface WantTree {
  /** Indices of the wants of this very field. */
  readonly wants: readonly number[]
  /** Indices of the wants of this field and of all below it. */
  readonly all: readonly number[]
  readonly children: ReadonlyMap<string, WantTree>
}

export function wantTree(wants: readonly Want[]): WantTree {
  const entries = wants.map((want, index) => ({ parts: want.field.split('.'), index }))
  return grow(entries, 0)
}

interface Entry {
  readonly parts: readonly string[]
  readonly index: number
}

function grow(entries: readonly Entry[], depth: number): WantTree {
  const groups = new Map<string, Entry[]>()
  for (const entry of entries) {
    const part = entry.parts[depth]
    if (part === undefined) continue
    const group = groups.get(part)
    if (group === undefined) groups.set(part, [entry])
    else group.push(entry)
  }
  return {
    wants: entries.filter((entry) => entry.parts.length === depth).map((entry) => entry.index),
    all: entries.map((entry) => entry.index),
    children: new Map([...groups].map(([part, group]) => [part, grow(group, depth + 1)])),
  }
}
