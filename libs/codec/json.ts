// Json: the wanted fields of JSON records as columns. One pass over the bytes; no object and, but for escapes, no string.
// Invariants
//   N1 a record is accepted only if it is valid UTF-8 that JSON.parse accepts, nests at most depthMax deep and is an object.
//   N2 a number is the very double that JSON.parse gives; an integer beyond ±(2^53 − 1) is `imprecise`, one that overflows is
//      `not-finite`.
//   N3 of equal keys the last one counts, with all that it holds.
//   N4 null or absent is missing; a value of another kind than wanted makes the record undecodable. Numbers in quotes are
//      texts; a boolean is a number, 0 or 1; as a text a number is what is written.

import assert from 'node:assert/strict'
import { rejected } from '../core/verdict.ts'
import { type Category, category } from './category.ts'
import { Columns, type Decoder, type Want } from './columns.ts'
import { isoMs } from './iso.ts'
import { JsonScan } from './json-scan.ts'
import { TextScratch } from './text-scratch.ts'
import { type WantTree, wantTree } from './want-tree.ts'

const UNDECODABLE = rejected('undecodable')
const NOT_FINITE = rejected('not-finite')
const IMPRECISE = rejected('imprecise')

const QUOTE = 0x22
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const COLON = 0x3a
const COMMA = 0x2c
const MINUS = 0x2d

export function jsonDecoder(wants: readonly Want[]): Decoder {
  const walk = new Walk(wants)
  return {
    need: null,
    supply(id) {
      assert.fail(`schema ${id} was never asked for: JSON has none`)
    },
    decode(records, from, to, columns) {
      assert.ok(to - from <= columns.rowsMax, 'more records than rows')
      walk.begin(columns)
      for (let i = from; i < to; i++) {
        const length = records.valueLength[i]!
        const fault = length < 0 ? UNDECODABLE : walk.row(records.bytes, records.valueAt[i]!, length, i - from)
        columns.faults[i - from] = fault
      }
      return to
    },
  }
}

/** The wants below one object, found by the bytes of a key. */
interface Node {
  readonly wants: readonly number[]
  /** Wants of the fields below; empty where none is wanted. */
  readonly inner: readonly number[]
  readonly keys: Category
  readonly children: readonly Node[]
}

function nodeOf(tree: WantTree): Node {
  return {
    wants: tree.wants,
    inner: tree.all.filter((want) => !tree.wants.includes(want)),
    keys: category([...tree.children.keys()]),
    children: [...tree.children.values()].map(nodeOf),
  }
}

class Walk {
  readonly #wants: readonly Want[]
  readonly #categories: readonly (Category | null)[]
  readonly #root: Node
  readonly #scan = new JsonScan()
  readonly #texts = new TextScratch()
  /** Of the record being read, by want: the last value that counted decides. */
  readonly #faults: Uint8Array
  #faulty = false
  #columns: Columns
  #row = 0

  constructor(wants: readonly Want[]) {
    this.#wants = wants
    this.#categories = wants.map((want) => (want.kind === 'category' ? category(want.values) : null))
    this.#root = nodeOf(wantTree(wants))
    this.#faults = new Uint8Array(wants.length)
    this.#columns = new Columns([], 0)
  }

  begin(columns: Columns): void {
    this.#columns = columns
    this.#texts.begin(columns)
  }

  /** The fault of the record in bytes [at, at + length), 0 if there is none. */
  row(bytes: Uint8Array, at: number, length: number, row: number): number {
    const scan = this.#scan
    this.#row = row
    this.#faulty = false
    for (let w = 0; w < this.#faults.length; w++) this.#missing(w)
    scan.begin(bytes, at, at + length)
    scan.space()
    if (scan.peek() !== OPEN_BRACE || !this.#object(this.#root, 1)) return UNDECODABLE
    scan.space()
    if (scan.at !== scan.end) return UNDECODABLE
    if (!this.#faulty) return 0
    for (let w = 0; w < this.#faults.length; w++) if (this.#faults[w]! !== 0) return this.#faults[w]!
    return 0
  }

  #object(node: Node, depth: number): boolean {
    const scan = this.#scan
    if (depth > scan.depthMax) return false
    scan.at++
    scan.space()
    if (scan.peek() === CLOSE_BRACE) {
      scan.at++
      return true
    }
    for (;;) {
      if (!scan.string()) return false
      const key = scan.escaped ? node.keys.of(scan.text()) : node.keys.text(scan.bytes, scan.from, scan.to - scan.from)
      scan.space()
      if (scan.peek() !== COLON) return false
      scan.at++
      scan.space()
      if (!(key < 0 ? scan.skip(depth + 1) : this.#value(node.children[key]!, depth + 1))) return false
      scan.space()
      const next = scan.peek()
      scan.at++
      if (next === CLOSE_BRACE) return true
      if (next !== COMMA) return false
      scan.space()
    }
  }

  #value(node: Node, depth: number): boolean {
    const scan = this.#scan
    const first = scan.peek()
    if (first === OPEN_BRACE && node.inner.length > 0) {
      for (const w of node.inner) this.#missing(w)
      for (const w of node.wants) this.#fault(w, UNDECODABLE)
      return this.#object(node, depth)
    }
    if (first === QUOTE) {
      if (!scan.string()) return false
      for (const w of node.wants) this.#string(w)
    } else if (first === MINUS || (first >= 48 && first <= 57)) {
      if (!scan.number()) return false
      for (const w of node.wants) this.#number(w)
    } else {
      const from = scan.at
      if (!scan.skip(depth)) return false
      if (scan.literal === 'null') for (const w of node.wants) this.#missing(w)
      else if (scan.literal === 'none') for (const w of node.wants) this.#fault(w, UNDECODABLE)
      else for (const w of node.wants) this.#boolean(w, from, scan.literal === 'true' ? 1 : 0)
      if (scan.literal === 'null') {
        for (const w of node.inner) this.#missing(w)
        return true
      }
    }
    for (const w of node.inner) this.#fault(w, UNDECODABLE)
    return true
  }

  #missing(w: number): void {
    const columns = this.#columns
    this.#faults[w] = 0
    switch (this.#wants[w]!.kind) {
      case 'number':
        columns.numbers[w]![this.#row] = Number.NaN
        return
      case 'category':
        columns.codes[w]![this.#row] = -2
        return
      case 'text':
        columns.textLength[w]![this.#row] = -1
    }
  }

  #fault(w: number, fault: number): void {
    this.#faults[w] = fault
    this.#faulty = true
  }

  #string(w: number): void {
    const scan = this.#scan
    const want = this.#wants[w]!
    this.#faults[w] = 0
    switch (want.kind) {
      case 'number': {
        if (want.parse !== 'iso') {
          this.#fault(w, UNDECODABLE)
          return
        }
        const escaped = scan.escaped ? Buffer.from(scan.text()) : null
        const ms =
          escaped === null ? isoMs(scan.bytes, scan.from, scan.to - scan.from) : isoMs(escaped, 0, escaped.length)
        this.#columns.numbers[w]![this.#row] = ms
        if (Number.isNaN(ms)) this.#fault(w, UNDECODABLE)
        return
      }
      case 'category': {
        const values = this.#categories[w]!
        this.#columns.codes[w]![this.#row] = scan.escaped
          ? values.of(scan.text())
          : values.text(scan.bytes, scan.from, scan.to - scan.from)
        return
      }
      case 'text':
        if (scan.escaped) this.#texts.put(w, this.#row, scan.text())
        else this.#slice(w, scan.from, scan.to)
    }
  }

  #number(w: number): void {
    const scan = this.#scan
    const want = this.#wants[w]!
    this.#faults[w] = 0
    switch (want.kind) {
      case 'number': {
        const value = scan.value
        if (want.parse === 'iso') {
          this.#fault(w, UNDECODABLE)
          return
        }
        this.#columns.numbers[w]![this.#row] = value
        if (value - value !== 0) this.#fault(w, NOT_FINITE)
        else if (scan.integer && !Number.isSafeInteger(value)) this.#fault(w, IMPRECISE)
        return
      }
      case 'category':
        this.#columns.codes[w]![this.#row] = this.#categories[w]!.text(scan.bytes, scan.from, scan.to - scan.from)
        return
      case 'text':
        this.#slice(w, scan.from, scan.to)
    }
  }

  #boolean(w: number, from: number, value: 0 | 1): void {
    const scan = this.#scan
    const want = this.#wants[w]!
    this.#faults[w] = 0
    switch (want.kind) {
      case 'number':
        if (want.parse === 'iso') {
          this.#fault(w, UNDECODABLE)
          return
        }
        this.#columns.numbers[w]![this.#row] = value
        return
      case 'category':
        this.#columns.codes[w]![this.#row] = this.#categories[w]!.text(scan.bytes, from, scan.at - from)
        return
      case 'text':
        this.#slice(w, from, scan.at)
    }
  }

  #slice(w: number, from: number, to: number): void {
    this.#columns.textAt[w]![this.#row] = from
    this.#columns.textLength[w]![this.#row] = to - from
    this.#columns.textScratch[w]![this.#row] = 0
  }
}
