// Spec parse: from the text of a YAML file to a Spec, and the only door to the YAML library.
// Invariants
//   P1 a spec that is answered is whole: every default filled in, every number possible, every reference resolved.
//   P2 everything wrong is found in one pass and reported at once, in the order of the lines.
//   P3 text from outside neither expands (anchors and aliases are refused) nor exhausts the stack or memory.

import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml'
import { Failure } from '../core/failure.ts'
import type { Spec } from './spec.ts'
import { readSpec } from './spec-read.ts'
import { below, type Fault, fault, type Scalar, type Tree } from './spec-tree.ts'

export const specBytesMax = 262_144
const depthMax = 16
/** Where a fault of the text as a whole is. */
const whole = { path: '', line: 0 }

export type Parsed =
  | { readonly kind: 'spec'; readonly spec: Spec }
  | { readonly kind: 'faults'; readonly faults: readonly Fault[] }

/** `place` names the text in messages; `readText` reads a file that the spec names. Failure('spec-invalid') lists all faults. */
export function parse(text: string, place: string, readText: (path: string) => string): Spec {
  const parsed = check(text, readText)
  if (parsed.kind === 'spec') return parsed.spec
  const { faults } = parsed
  const head = faults.length === 1 ? `${place}: one fault` : `${place}: ${faults.length} faults`
  throw new Failure('spec-invalid', [head, ...faults.map((fault) => `  ${faultText(place, fault)}`)].join('\n'))
}

/** The same as a value. */
export function check(text: string, readText: (path: string) => string): Parsed {
  const faults: Fault[] = []
  const tree = treeOf(text, faults)
  const spec = tree === null ? null : readSpec(tree, readText, faults)
  if (spec !== null && faults.length === 0) return { kind: 'spec', spec }
  return { kind: 'faults', faults: faults.toSorted((a, b) => a.line - b.line) }
}

/** One line for people. */
export function faultText(place: string, fault: Fault): string {
  const { path, line, found, expected, hint } = fault
  const where = line > 0 ? `${place}:${line}` : place
  const meant = hint === null ? '' : ` (did you mean \`${hint}\`?)`
  const said = `${where} ${path === '' ? '' : `${path}: `}found ${found}, expected ${expected}${meant}`
  // Keys and values are anybody's text; a terminal must not take orders from them.
  return said.replace(/\p{Cc}/gu, '�')
}

function treeOf(text: string, faults: Fault[]): Tree | null {
  if (Buffer.byteLength(text) > specBytesMax) {
    faults.push(fault(whole, `${Buffer.byteLength(text)} bytes`, `at most ${specBytesMax} bytes`))
    return null
  }
  try {
    return composed(text, faults)
  } catch (thrown) {
    // The library recurses into what nests; a text of nothing but brackets ends its stack.
    if (!(thrown instanceof RangeError)) throw thrown
    faults.push(fault(whole, 'a text that nests too deep', `at most ${depthMax} levels`))
    return null
  }
}

function composed(text: string, faults: Fault[]): Tree | null {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    schema: 'core',
    version: '1.2',
    uniqueKeys: true,
    prettyErrors: false,
  })
  const lineAt = (offset: number | undefined): number => (offset === undefined ? 0 : lines.linePos(offset).line)
  for (const problem of [...document.errors, ...document.warnings]) {
    faults.push(fault({ path: '', line: lineAt(problem.pos[0]) }, problem.message, 'YAML'))
  }
  visit(document, {
    Node: (_, node) => {
      if (!isAlias(node) && node.anchor === undefined) return
      const at = { path: '', line: lineAt(node.range?.[0]) }
      faults.push(fault(at, 'an anchor or alias', 'each value written out where it stands'))
    },
  })
  if (faults.length > 0) return null
  const grow = (node: unknown, path: string, line: number, depth: number): Tree => {
    if (depth > depthMax) throw new RangeError('nests too deep')
    if (isMap(node)) {
      const entries = new Map<string, Tree>()
      for (const { key, value } of node.items) {
        const name = isScalar(key) ? String(key.value) : '?'
        const keyLine = isScalar(key) ? lineAt(key.range?.[0]) : line
        entries.set(name, grow(value, below(path, name), keyLine, depth + 1))
      }
      return { kind: 'map', path, line, entries }
    }
    if (isSeq(node)) {
      const items = node.items.map((item, i) => grow(item, `${path}[${i}]`, lineOf(item, line), depth + 1))
      return { kind: 'list', path, line, items }
    }
    return { kind: 'scalar', path, line, value: isScalar(node) ? scalarOf(node.value) : null }
  }
  const lineOf = (node: unknown, otherwise: number): number =>
    (isMap(node) || isSeq(node) || isScalar(node)) && node.range ? lineAt(node.range[0]) : otherwise
  return grow(document.contents, '', 1, 0)
}

function scalarOf(value: unknown): Scalar {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  return value === null || value === undefined ? null : String(value)
}
