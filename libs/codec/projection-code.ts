// Projection code: a plan printed as JavaScript, one straight walk over the bytes. It is compiled with `new Function`.
// Invariants
//   K1 no text of a schema or of a spec enters the program: only indices and sizes, all of them integers.
//   K2 every read is preceded by a check against the end of the record; positions only grow, by bounded steps.
//   K3 every loop consumes bytes or the record's budget of items; routines nest at most nestingMax deep.
//   K4 a varint has at most 10 bytes, a length is not negative, a branch or symbol index exists.
// Why printed: the shape of a record is then in the branches of the program, not in data it would have to interpret.

import assert from 'node:assert/strict'
import type { Want } from './columns.ts'
import type { BytesShape, FixedRead, FixedShape, Plan, Step, VarintShape } from './projection-plan.ts'

/** Depth of a value of a type that contains itself. */
export const nestingMax = 256

export interface Codes {
  readonly undecodable: number
  readonly notFinite: number
  readonly imprecise: number
}

export interface Program {
  readonly source: string
  readonly tables: readonly Table[]
}

/** The source is the body of a function (env) that answers { run, size }; `env` is what projection-compile.ts hands in. */
export function program(plan: Plan, wants: readonly Want[], codes: Codes, itemsMax: number): Program {
  const printer = new Printer(wants, codes)
  const routines = plan.routines.map((steps, i) => printer.routine(`routine${i}`, steps))
  const bind = wants.map((want, w) => binding(want, w)).join('\n')
  const rows = printer.steps(plan.steps, { fail: 'continue rows', depth: '-1', deeper: '0' })
  const whole = printer.routine('whole', bare(plan.steps))
  const source = `'use strict'
const { isoMs, decimal, categories, codes, names } = env
let left = 0
let pos = 0
${LONG}
${routines.join('\n')}
function run(records, from, to, columns, firstRow, framing, texts) {
const { bytes, valueAt, valueLength } = records
const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
const faults = columns.faults
${bind}
let row = firstRow
rows: for (let i = from; i < to; i++, row++) {
let at = valueAt[i]
const end = at + valueLength[i]
faults[row] = ${codes.undecodable}
let fault = 0
if (framing !== ${BARE}) {
if (end - at < 5 || bytes[at] !== 0) continue rows
if (framing !== ${ANY_ID} && view.getUint32(at + 1) !== framing) return i
at += 5
}
${rows.includes('left') || routines.length > 0 ? `left = ${itemsMax}` : ''}
${rows}
if (at !== end) continue rows
faults[row] = fault
}
return to
}
${whole}
function size(bytes, at, end) {
left = ${itemsMax}
const after = whole(bytes, at, end, -1)
return after > end ? -1 : after
}
return { run, size }`
  return { source, tables: printer.tables }
}

/** Values of run's `framing` beside a schema id, which is at least 0. */
export const BARE = -2
export const ANY_ID = -1

function binding(want: Want, w: number): string {
  switch (want.kind) {
    case 'number':
      return `const n${w} = columns.numbers[${w}]`
    case 'category':
      return `const c${w} = columns.codes[${w}], k${w} = categories[${w}]`
    case 'text':
      return `const a${w} = columns.textAt[${w}], l${w} = columns.textLength[${w}], s${w} = columns.textScratch[${w}]`
    default:
      throw want satisfies never
  }
}

// Answers NaN for a varint that does not end within the record or within 10 bytes; the position after it is left in pos.
// Integers of 28, 28 and 8 bits, since double precision alone would lose the sign bit of long values. Called only when the
// first byte has a successor; unrolled, since times are six bytes long in every record.
const LONG = `function long(bytes, at, end) {
if (end - at < 10) return shortLong(bytes, at, end)
let b = bytes[at + 1], low = (bytes[at] & 127) | (b & 127) << 7
if (b < 128) { pos = at + 2; return (low >>> 1) ^ -(low & 1) }
b = bytes[at + 2]
low |= (b & 127) << 14
if (b < 128) { pos = at + 3; return (low >>> 1) ^ -(low & 1) }
b = bytes[at + 3]
low |= (b & 127) << 21
if (b < 128) { pos = at + 4; return (low >>> 1) ^ -(low & 1) }
b = bytes[at + 4]
let high = b & 127
if (b < 128) { pos = at + 5; return joined(low, high, 0) }
b = bytes[at + 5]
high |= (b & 127) << 7
if (b < 128) { pos = at + 6; return joined(low, high, 0) }
b = bytes[at + 6]
high |= (b & 127) << 14
if (b < 128) { pos = at + 7; return joined(low, high, 0) }
b = bytes[at + 7]
high |= (b & 127) << 21
if (b < 128) { pos = at + 8; return joined(low, high, 0) }
b = bytes[at + 8]
let top = b & 127
if (b < 128) { pos = at + 9; return joined(low, high, top) }
b = bytes[at + 9]
if (b > 1) return NaN
pos = at + 10
return joined(low, high, top | b << 7)
}
function anyLong(bytes, at, end) {
if (at >= end || bytes[at] > 127) return long(bytes, at, end)
pos = at + 1
return (bytes[at] >>> 1) ^ -(bytes[at] & 1)
}
function joined(low, high, top) {
const half = (low >>> 1) + high * 134217728 + top * 36028797018963968
return low & 1 ? -half - 1 : half
}
function shortLong(bytes, at, end) {
let low = 0, high = 0, top = 0
for (let k = 0; at < end; k++) {
const b = bytes[at++]
if (k < 4) low |= (b & 127) << (7 * k)
else if (k < 8) high |= (b & 127) << (7 * k - 28)
else top = b & 127
if (b < 128) { pos = at; return joined(low, high, top) }
}
return NaN
}`

interface Scope {
  /** The statement that gives up the record. */
  readonly fail: string
  /** Expressions for the depth of the value that is walked here, and of one within it. */
  readonly depth: string
  readonly deeper: string
}

/** The names of an enum (or false, true) that a want needs as codes or as texts. */
export interface Table {
  readonly want: number
  readonly names: readonly string[]
}

/** Neighbours that print alike become a loop from here on: engines do not optimise a program of any length. */
const LOOP_MIN = 8

class Printer {
  readonly tables: Table[] = []
  readonly #wants: readonly Want[]
  readonly #codes: Codes

  constructor(wants: readonly Want[], codes: Codes) {
    this.#wants = wants
    this.#codes = codes
  }

  routine(name: string, steps: readonly Step[]): string {
    return `function ${name}(bytes, at, end, depth) {
if (depth > ${nestingMax}) return -1
${this.steps(steps, { fail: 'return -1', depth: 'depth', deeper: 'depth + 1' })}
return at
}`
  }

  steps(steps: readonly Step[], scope: Scope): string {
    const printed = steps.map((step) => this.#step(step, scope))
    const parts: string[] = []
    for (let i = 0; i < printed.length; ) {
      let alike = 1
      while (printed[i + alike] === printed[i]) alike++
      const part = printed[i] ?? ''
      if (alike < LOOP_MIN) parts.push(...Array<string>(alike).fill(part))
      else parts.push(`for (let k = 0; k < ${alike}; k++) {\n${part}\n}`)
      i += alike
    }
    return parts.join('\n')
  }

  #step(step: Step, scope: Scope): string {
    switch (step.kind) {
      case 'fixed':
        return this.#fixed(step.size, step.reads, scope)
      case 'varint':
        return this.#varint(step.shape, step.wants, scope)
      case 'bytes':
        return this.#bytes(step.shape, step.wants, scope)
      case 'union':
        return this.#union(step.branches, scope)
      case 'items':
        return this.#items(step.keyed, step.steps, scope)
      case 'routine':
        return `at = routine${step.index}(bytes, at, end, ${step.nests ? scope.deeper : scope.depth})\nif (at < 0) ${scope.fail}`
      case 'missing':
        return step.wants.map((w) => this.#missing(w)).join('\n')
      default:
        throw step satisfies never
    }
  }

  #fixed(size: number, reads: readonly FixedRead[], scope: Scope): string {
    if (size === 0 && reads.length === 0) return ''
    const lines = reads.map((read) => this.#read(read))
    return `if (end - at < ${size}) ${scope.fail}\n${lines.join('\n')}\nat += ${size}`
  }

  #read({ offset, shape, wants }: FixedRead): string {
    switch (shape.kind) {
      case 'boolean': {
        const texts = wants.map((w) => this.#named(w, ['false', 'true']))
        return `{ const v = bytes[at + ${offset}] !== 0 ? 1 : 0\n${texts.join('\n')} }`
      }
      case 'float':
      case 'double': {
        const get = shape.kind === 'float' ? 'getFloat32' : 'getFloat64'
        const cells = wants.map((w) =>
          this.#want(w).kind === 'text' ? `texts.put(${w}, row, String(v))` : `n${w}[row] = v`,
        )
        const check = `if (v - v !== 0) fault = fault || ${this.#codes.notFinite}`
        return `{ const v = view.${get}(at + ${offset}, true)\n${cells.join('\n')}\n${check} }`
      }
      case 'fixed':
        return wants.map((w) => this.#stretch(w, shape, `at + ${offset}`, `${shape.size}`)).join('\n')
      default:
        throw shape satisfies never
    }
  }

  #varint(shape: VarintShape, wants: readonly number[], scope: Scope): string {
    const { fail } = scope
    const more = `v = long(bytes, at - 1, end)\nif (v !== v) ${fail}\nat = pos`
    const first = `if (at >= end) ${fail}\nlet v = bytes[at++]`
    if (shape.kind === 'enum') {
      const cells = wants.map((w) => this.#named(w, shape.symbols))
      return `{ ${first}\nif (v < 128) v = (v >>> 1) ^ -(v & 1)\nelse { ${more} }
if (v < 0 || v >= ${shape.symbols.length}) ${fail}\n${cells.join('\n')} }`
    }
    if (wants.length === 0) {
      return `if (at >= end) ${fail}
if (bytes[at++] > 127) { const stop = end - at < 9 ? end : at + 9
while (at < stop && bytes[at] > 127) at++
if (at >= stop) ${fail}\nat++ }`
    }
    const isNumber = wants.some((w) => this.#want(w).kind === 'number')
    const max = Number.MAX_SAFE_INTEGER
    // An int beyond 32 bits is no int of the schema, whatever the library makes of it.
    const range = shape.kind === 'int' ? `if (v > 2147483647 || v < -2147483648) ${fail}\n` : ''
    const check = isNumber ? `if (v > ${max} || v < -${max}) fault = fault || ${this.#codes.imprecise}` : ''
    const cells = wants.map((w) => this.#integer(w))
    return `{ const head = at\n${first}\nif (v < 128) v = (v >>> 1) ^ -(v & 1)\nelse { ${more}\n${range}${check} }\n${cells.join('\n')} }`
  }

  #bytes(shape: BytesShape, wants: readonly number[], scope: Scope): string {
    const { fail } = scope
    const cells = wants.map((w) => this.#stretch(w, shape, 'at', 'n'))
    // Nothing of a short text is read unless it is wanted: a length beyond the end shows at the next check of the position.
    const room = `if (n > end - at) ${fail}`
    return `{ if (at >= end) ${fail}\nlet n = bytes[at++]
if (n < 128) { if (n & 1) ${fail}\nn >>>= 1 } else { n = long(bytes, at - 1, end)\nif (!(n >= 0)) ${fail}\nat = pos\n${room} }
${cells.length === 0 ? '' : room}\n${cells.join('\n')}\nat += n }`
  }

  #union(branches: readonly (readonly Step[])[], scope: Scope): string {
    const { fail } = scope
    const cases = branches.map((branch, i) => `case ${i}: {\n${this.steps(branch, scope)}\nbreak }`)
    return `{ if (at >= end) ${fail}\nlet b = bytes[at++]
if (b < 128) { if (b & 1) ${fail}\nb >>>= 1 } else { b = long(bytes, at - 1, end)\nif (!(b >= 0)) ${fail}\nat = pos }
switch (b) {\n${cases.join('\n')}\ndefault: ${fail} } }`
  }

  #items(keyed: boolean, steps: readonly Step[], scope: Scope): string {
    const { fail } = scope
    const only = steps.length === 1 ? steps[0] : undefined
    const key = keyed ? this.#bytes({ kind: 'string', logical: null }, [], scope) : ''
    const each =
      !keyed && only?.kind === 'fixed'
        ? `if (c * ${only.size} > end - at) ${fail}\nat += c * ${only.size}`
        : `while (c-- > 0) {\n${key}\n${this.steps(steps, scope)}\n}`
    return `for (;;) {
if (at >= end) ${fail}
let c = bytes[at++]
if (c < 128) c = (c >>> 1) ^ -(c & 1)
else { c = long(bytes, at - 1, end)\nif (c !== c) ${fail}\nat = pos }
if (c === 0) break
if (c < 0) { c = -c\nconst z = anyLong(bytes, at, end)\nif (!(z >= 0)) ${fail}\nat = pos\nif (z > end - at) ${fail} }
if (c > end - at || c > left) ${fail}\nleft -= c
${each}
}`
  }

  #want(w: number): Want {
    const want = this.#wants[w]
    assert.ok(want !== undefined, 'a plan names only wants that exist')
    return want
  }

  #missing(w: number): string {
    switch (this.#want(w).kind) {
      case 'number':
        return `n${w}[row] = NaN`
      case 'category':
        return `c${w}[row] = -2`
      default:
        return `l${w}[row] = -1`
    }
  }

  /** A cell from the index v into names known beforehand. */
  #named(w: number, names: readonly string[]): string {
    const kind = this.#want(w).kind
    if (kind === 'number') return `n${w}[row] = v`
    const table = this.tables.push({ want: w, names }) - 1
    return kind === 'category' ? `c${w}[row] = codes[${table}][v]` : `texts.put(${w}, row, names[${table}][v])`
  }

  #integer(w: number): string {
    switch (this.#want(w).kind) {
      case 'number':
        return `n${w}[row] = v`
      case 'category':
        return `c${w}[row] = k${w}.integer(v)`
      default:
        return `texts.putLong(${w}, row, v, bytes, head)`
    }
  }

  /** A cell from the bytes [at, at + n). */
  #stretch(w: number, shape: BytesShape | FixedShape, at: string, n: string): string {
    const want = this.#want(w)
    if (want.kind === 'category') return `c${w}[row] = k${w}.text(bytes, ${at}, ${n})`
    if (want.kind === 'text') return `a${w}[row] = ${at}\nl${w}[row] = ${n}\ns${w}[row] = 0`
    const { undecodable, imprecise } = this.#codes
    if (want.parse === 'iso') {
      return `{ const v = isoMs(bytes, ${at}, ${n})\nn${w}[row] = v\nif (v !== v) fault = fault || ${undecodable} }`
    }
    const scale = 'logical' in shape ? (shape.logical?.scale ?? 0) : 0
    return `{ const v = decimal(bytes, ${at}, ${n}, ${scale})\nn${w}[row] = v
if (v - v !== 0) fault = fault || (v !== v ? ${undecodable} : ${imprecise}) }`
  }
}

/** The same walk without a want: for the length of a value. */
function bare(steps: readonly Step[]): Step[] {
  return steps.flatMap((step): Step[] => {
    switch (step.kind) {
      case 'missing':
        return []
      case 'fixed':
        return [{ ...step, reads: [] }]
      case 'union':
        return [{ ...step, branches: step.branches.map(bare) }]
      case 'varint':
      case 'bytes':
        return [{ ...step, wants: [] }]
      case 'items':
      case 'routine':
        return [step]
      default:
        throw step satisfies never
    }
  })
}
