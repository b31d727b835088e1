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
import { afterSpace, depthMax, JsonScan, unescaped } from './json-scan.ts'
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
const ZERO = 0x30
const NINE = 0x39
const SMALL_F = 0x66
const SMALL_N = 0x6e
const SMALL_T = 0x74

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
  #bytes: Uint8Array = new Uint8Array(0)
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
    this.#bytes = bytes
    this.#row = row
    this.#faulty = false
    for (let w = 0; w < this.#faults.length; w++) this.#missing(w)
    const end = at + length
    const begin = afterSpace(bytes, at, end)
    if (begin >= end || bytes[begin] !== OPEN_BRACE) return UNDECODABLE
    const after = this.#object(this.#root, begin + 1, end, 1)
    if (after < 0 || afterSpace(bytes, after, end) !== end) return UNDECODABLE
    if (!this.#faulty) return 0
    for (let w = 0; w < this.#faults.length; w++) if (this.#faults[w]! !== 0) return this.#faults[w]!
    return 0
  }

  /** The fields from `at` on, the brace is behind; answers the position after the object, or −1. */
  #object(node: Node, at: number, end: number, depth: number): number {
    if (depth > depthMax) return -1
    const bytes = this.#bytes
    const scan = this.#scan
    let next = afterSpace(bytes, at, end)
    if (next < end && bytes[next] === CLOSE_BRACE) return next + 1
    for (;;) {
      const from = next + 1
      next = scan.string(bytes, next, end)
      if (next < 0) return -1
      const key = scan.escaped
        ? node.keys.of(unescaped(bytes, from, next - 1))
        : node.keys.text(bytes, from, next - 1 - from)
      next = afterSpace(bytes, next, end)
      if (next >= end || bytes[next] !== COLON) return -1
      next = afterSpace(bytes, next + 1, end)
      next = key < 0 ? scan.skip(bytes, next, end, depth + 1) : this.#value(node.children[key]!, next, end, depth + 1)
      if (next < 0) return -1
      next = afterSpace(bytes, next, end)
      if (next >= end) return -1
      if (bytes[next] === CLOSE_BRACE) return next + 1
      if (bytes[next] !== COMMA) return -1
      next = afterSpace(bytes, next + 1, end)
    }
  }

  #value(node: Node, at: number, end: number, depth: number): number {
    const bytes = this.#bytes
    const scan = this.#scan
    const first = at < end ? bytes[at]! : -1
    if (first === OPEN_BRACE && node.inner.length > 0) {
      for (const w of node.inner) this.#missing(w)
      for (const w of node.wants) this.#fault(w, UNDECODABLE)
      return this.#object(node, at + 1, end, depth)
    }
    if (first === MINUS || (first >= ZERO && first <= NINE)) {
      const after = scan.number(bytes, at, end)
      if (after >= 0) for (const w of node.wants) this.#number(w, at, after)
      for (const w of node.inner) this.#fault(w, UNDECODABLE)
      return after
    }
    const after = scan.skip(bytes, at, end, depth)
    if (after < 0) return -1
    switch (first) {
      case QUOTE:
        for (const w of node.wants) this.#string(w, at + 1, after - 1)
        break
      case SMALL_N:
        for (const w of node.wants) this.#missing(w)
        for (const w of node.inner) this.#missing(w)
        return after
      case SMALL_T:
      case SMALL_F:
        for (const w of node.wants) this.#boolean(w, at, after, first === SMALL_T ? 1 : 0)
        break
      default:
        for (const w of node.wants) this.#fault(w, UNDECODABLE)
    }
    for (const w of node.inner) this.#fault(w, UNDECODABLE)
    return after
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

  #string(w: number, from: number, to: number): void {
    const bytes = this.#bytes
    const escaped = this.#scan.escaped
    const want = this.#wants[w]!
    this.#faults[w] = 0
    switch (want.kind) {
      case 'number':
        if (want.parse === 'iso') this.#iso(w, from, to)
        else this.#fault(w, UNDECODABLE)
        return
      case 'category': {
        const values = this.#categories[w]!
        const code = escaped ? values.of(unescaped(bytes, from, to)) : values.text(bytes, from, to - from)
        this.#columns.codes[w]![this.#row] = code
        return
      }
      case 'text':
        if (escaped) this.#texts.put(w, this.#row, unescaped(bytes, from, to))
        else this.#slice(w, from, to)
    }
  }

  #iso(w: number, from: number, to: number): void {
    const text = this.#scan.escaped ? Buffer.from(unescaped(this.#bytes, from, to)) : null
    const ms = text === null ? isoMs(this.#bytes, from, to - from) : isoMs(text, 0, text.length)
    this.#columns.numbers[w]![this.#row] = ms
    if (Number.isNaN(ms)) this.#fault(w, UNDECODABLE)
  }

  #number(w: number, from: number, to: number): void {
    const want = this.#wants[w]!
    this.#faults[w] = 0
    switch (want.kind) {
      case 'number': {
        const { value, integer } = this.#scan
        this.#columns.numbers[w]![this.#row] = value
        if (want.parse === 'iso') this.#fault(w, UNDECODABLE)
        else if (value - value !== 0) this.#fault(w, NOT_FINITE)
        else if (integer && !Number.isSafeInteger(value)) this.#fault(w, IMPRECISE)
        return
      }
      case 'category':
        this.#columns.codes[w]![this.#row] = this.#categories[w]!.text(this.#bytes, from, to - from)
        return
      case 'text':
        this.#slice(w, from, to)
    }
  }

  #boolean(w: number, from: number, to: number, value: 0 | 1): void {
    const want = this.#wants[w]!
    this.#faults[w] = 0
    switch (want.kind) {
      case 'number':
        this.#columns.numbers[w]![this.#row] = value
        if (want.parse === 'iso') this.#fault(w, UNDECODABLE)
        return
      case 'category':
        this.#columns.codes[w]![this.#row] = this.#categories[w]!.text(this.#bytes, from, to - from)
        return
      case 'text':
        this.#slice(w, from, to)
    }
  }

  #slice(w: number, from: number, to: number): void {
    this.#columns.textAt[w]![this.#row] = from
    this.#columns.textLength[w]![this.#row] = to - from
    this.#columns.textScratch[w]![this.#row] = 0
  }
}
