// Properties: a record is accepted exactly if JSON.parse accepts it, and every wanted cell is what JSON.parse gives.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Want } from '../../libs/codec/columns.ts'
import { jsonDecoder } from '../../libs/codec/json.ts'
import { depthMax } from '../../libs/codec/json-scan.ts'
import { type Cell, projected } from './projection-oracle.ts'
import { runs, seed } from './seed.ts'

const wants: readonly Want[] = [
  { kind: 'number', field: 'a', parse: 'number' },
  { kind: 'category', field: 'b', values: ['x', '', 'é', 'true', '7', '\u0000"\\'] },
  { kind: 'text', field: 'c' },
  { kind: 'number', field: 'd.e', parse: 'number' },
  { kind: 'text', field: 'd.f.g' },
]
const decoder = jsonDecoder(wants)

type Outcome = string | Cell[]

function expected(bytes: Uint8Array): Outcome {
  let root: unknown
  try {
    root = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch {
    return 'undecodable'
  }
  if (typeof root !== 'object' || root === null || Array.isArray(root) || depthOf(root) > depthMax) return 'undecodable'
  const faults: string[] = []
  const cells = wants.map((want) => cell(root, want.field.split('.'), want, faults))
  return faults[0] ?? cells
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}

function cell(value: unknown, path: readonly string[], want: Want, faults: string[]): Cell {
  const [name, ...rest] = path
  if (value === null || value === undefined) return null
  const isObject = typeof value === 'object' && !Array.isArray(value)
  if (name !== undefined) {
    if (isObject) return cell(Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined, rest, want, faults)
    faults.push('undecodable')
    return null
  }
  if (typeof value === 'object' || (want.kind === 'number' && typeof value === 'string')) {
    faults.push('undecodable')
    return null
  }
  if (want.kind === 'number') {
    const number = Number(value)
    if (!Number.isFinite(number)) faults.push('not-finite')
    return number
  }
  if (want.kind === 'category') return want.values.indexOf(String(value))
  // A number as a text is what is written, which JSON.parse does not tell: compared as a number.
  return typeof value === 'number' ? value : Buffer.from(String(value)).toString()
}

function likened(actual: Outcome | undefined, told: Outcome): Outcome | undefined {
  if (!Array.isArray(actual) || !Array.isArray(told)) return actual
  return actual.map((cell, i) => {
    if (wants[i]?.kind === 'text' && typeof told[i] === 'number') return Number(cell)
    // 7.0 is no 7 where values are texts.
    return wants[i]?.kind === 'category' && cell === -1 && told[i] === 4 ? 4 : cell
  })
}

function agree(texts: readonly (string | Uint8Array)[]): void {
  const values = texts.map((text) => Buffer.from(text))
  const rows = projected(decoder, wants, values)
  for (const [i, value] of values.entries()) {
    const row = rows[i]
    // Whether an integer is imprecise depends on how it is written, which JSON.parse does not tell.
    if (row === 'imprecise') continue
    const told = expected(value)
    assert.deepEqual(likened(row, told), told, `${JSON.stringify(value.toString())}, seed ${seed}`)
  }
}

const leaf = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.constantFrom('x', 'é', '', '\u0000"\\', '7', '😀', '\ud800'),
)
const key = fc.oneof(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'), fc.string({ maxLength: 3 }))
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    leaf,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(key, tie('value'), { maxKeys: 6, noNullPrototype: true }),
  ),
}))
const object = fc.dictionary(key, value, { maxKeys: 8, noNullPrototype: true })
const spaced = fc
  .tuple(object, fc.constantFrom(undefined, 1, '\t\r\n '))
  .map(([it, space]) => JSON.stringify(it, null, space))
/** The same text with its letters and keys written as escapes. */
const escaped = object.map((it) =>
  JSON.stringify(it).replace(/(?<=["\w])[a-g](?=["\w])/g, (c) => `\\u00${c.charCodeAt(0).toString(16).toUpperCase()}`),
)

test(`values are those of JSON.parse (seed ${seed})`, () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(spaced, escaped), { maxLength: 6 }), (texts) => agree(texts)),
    runs(150),
  )
})

test(`damaged texts are accepted exactly if JSON.parse accepts them (seed ${seed})`, () => {
  const change = fc.tuple(
    fc.nat(),
    fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('"\\{}[]:,-.eE+0u \n'))),
    fc.nat(2),
  )
  fc.assert(
    fc.property(
      spaced,
      fc.array(fc.array(change, { minLength: 1, maxLength: 3 }), { maxLength: 20 }),
      (text, changes) => {
        const damaged = changes.map((list) => {
          let bytes = Buffer.from(text)
          for (const [at, byte, removed] of list) {
            const position = at % (bytes.length + 1)
            bytes = Buffer.concat([
              bytes.subarray(0, position),
              Buffer.from([byte]),
              bytes.subarray(position + removed),
            ])
          }
          return bytes
        })
        agree(damaged)
      },
    ),
    runs(150),
  )
})

test(`bytes at random and texts cut at every length (seed ${seed})`, () => {
  const token = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ':',
    ',',
    '"a"',
    '"',
    '1',
    '-',
    '0',
    '.5',
    'e9',
    'true',
    'null',
    ' ',
    '\\u00e9',
  )
  fc.assert(
    fc.property(spaced, fc.array(token, { maxLength: 14 }), fc.uint8Array({ maxLength: 20 }), (text, tokens, bytes) => {
      const whole = Buffer.from(text)
      agree([tokens.join(''), `{"a":${tokens.join('')}}`, bytes, ...Array.from(whole, (_, n) => whole.subarray(0, n))])
    }),
    runs(20),
  )
})

test(`numbers are the doubles that JSON.parse gives, or not numbers at all (seed ${seed})`, () => {
  const digits = fc.stringMatching(/^[0-9]{1,20}$/)
  const odd = fc.stringMatching(/^-?[0-9]{0,3}\.?[0-9]{0,3}[eE]?[+-]?[0-9]{0,3}$/)
  const written = fc
    .tuple(fc.constantFrom('', '-'), digits, fc.option(digits), fc.option(fc.integer({ min: -330, max: 330 })))
    .map(
      ([sign, whole, part, power]) =>
        `${sign}${whole}${part === null ? '' : `.${part}`}${power === null ? '' : `e${power}`}`,
    )
  const texts = fc.array(fc.oneof(written, odd, fc.double().map(String)), { maxLength: 20 })
  fc.assert(
    fc.property(texts, (list) => agree(list.map((text) => `{"a":${text}}`))),
    runs(200),
  )
})

test('integers are imprecise exactly beyond ±(2^53 − 1)', () => {
  const rows = (...texts: string[]): unknown =>
    projected(
      decoder,
      wants,
      texts.map((text) => Buffer.from(`{"a":${text}}`)),
    ).map((row) => (Array.isArray(row) ? row[0] : row))
  assert.deepEqual(rows('9007199254740991', '-9007199254740991'), [9007199254740991, -9007199254740991])
  assert.deepEqual(rows('9007199254740992', '-9007199254740992', '9007199254740993'), Array(3).fill('imprecise'))
  assert.deepEqual(rows('1e16', '1e400', '-1e400', '-0'), [1e16, 'not-finite', 'not-finite', -0])
})

test('depth has a limit, in what is wanted and in what is stepped over', () => {
  const nested = (depth: number, open: string, close: string): string =>
    `{"z":${open.repeat(depth - 1)}1${close.repeat(depth - 1)}}`
  for (const [open, close] of [
    ['[', ']'],
    ['{"d":', '}'],
  ] as const) {
    const rows = projected(
      decoder,
      wants,
      [depthMax, depthMax + 1, 100_000].map((depth) => Buffer.from(nested(depth, open, close))),
    )
    assert.deepEqual(
      rows.map((row) => Array.isArray(row)),
      [true, false, false],
    )
  }
})
