// Spec source: which topic, how its records are spelt, which fields are key, time and id.

import { Failure } from '../core/failure.ts'
import type { Spec } from './spec.ts'
import { fieldName } from './spec-features.ts'
import { choice, duration, text, whole } from './spec-rules.ts'
import { type Fault, fault, type MapTree, mapOf, optional, required, shown } from './spec-tree.ts'

type Source = Spec['source']

const MEBIBYTE = 1_048_576
const recordBytesMaxDefault = MEBIBYTE
const latenessMsDefault = 300_000

const sourceKeys = {
  known: ['topic', 'format', 'schema', 'framing', 'key', 'id', 'time', 'lateness', 'recordBytesMax'],
  reserved: { shape: 'one record per tag is reserved and not built yet: leave `shape` out, one record holds one row' },
}
const topicName = text(/^(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}$/, 'the name of a topic: up to 249 letters, digits, . _ -')
const fileName = text(/^\.{0,2}\/?[^\s\p{Cc}]{1,1000}$/u, 'a file such as ./record.avsc, or { registry: http://… }')
const registryUrl = text(/^https?:\/\/[^\s/]+.*$/, 'an address such as http://localhost:8081')
const framings = choice(['bare', 'confluent'])

/** `readText` reads a file named beside the spec. */
export function readSource(root: MapTree, readText: (path: string) => string, faults: Fault[]): Source {
  const map = mapOf(root.entries.get('source'), sourceKeys, root, 'source', faults)
  const empty: MapTree = { kind: 'map', path: 'source', line: root.line, entries: new Map() }
  const source = map ?? empty
  // A source that is no map is one fault, not one for each key that it cannot have.
  const found = map === null ? [] : faults
  const format = required(source, 'format', choice(['avro', 'json']), found)
  return {
    topic: required(source, 'topic', topicName, found),
    format,
    schema: readSchema(source, format, readText, found),
    key: readKey(source, found),
    id: optional<string | null>(source, 'id', fieldName, null, found),
    time: readTime(source, found),
    latenessMs: optional(source, 'lateness', duration('0ms', '366d'), latenessMsDefault, found),
    recordBytesMax: optional(source, 'recordBytesMax', whole(1, 64 * MEBIBYTE), recordBytesMaxDefault, found),
  }
}

function readKey(source: MapTree, faults: Fault[]): Source['key'] {
  const known = { known: ['field', 'from', 'format'], reserved: {} }
  const map = mapOf(source.entries.get('key'), known, source, 'key', faults)
  if (map === null) return { field: '', format: 'utf8' }
  const from = map.entries.get('from')
  if (from?.kind === 'scalar' && from.value === 'rekey') {
    const expected =
      'partitioning (the topic is keyed by this field); copying a topic by another key is reserved and not built yet'
    faults.push(fault(from, '"rekey"', expected))
  } else optional(map, 'from', choice(['partitioning']), 'partitioning', faults)
  return {
    field: required(map, 'field', fieldName, faults),
    format: optional(map, 'format', choice(['utf8', 'avro', 'ignore']), 'utf8', faults),
  }
}

function readTime(source: MapTree, faults: Fault[]): Source['time'] {
  const map = mapOf(source.entries.get('time'), { known: ['field', 'unit'], reserved: {} }, source, 'time', faults)
  if (map === null) return { field: '', unit: 'ms' }
  const field = required(map, 'field', fieldName, faults)
  return { field, unit: required(map, 'unit', choice(['s', 'ms', 'us', 'iso']), faults) }
}

function readSchema(
  source: MapTree,
  format: 'avro' | 'json',
  readText: (path: string) => string,
  faults: Fault[],
): Source['schema'] {
  const schema = source.entries.get('schema')
  const framing = source.entries.get('framing')
  if (format === 'json') {
    for (const tree of [schema, framing]) {
      if (tree !== undefined) faults.push(fault(tree, shown(tree), 'nothing: `format: json` has no schema'))
    }
    return { kind: 'none' }
  }
  if (schema?.kind === 'map') {
    const map = mapOf(schema, { known: ['registry'], reserved: {} }, source, 'schema', faults) ?? schema
    if (framing !== undefined && optional(source, 'framing', framings, 'confluent', faults) === 'bare') {
      faults.push(fault(framing, '"bare"', 'confluent: without its frame a record names no schema of a registry'))
    }
    return { kind: 'registry', url: required(map, 'registry', registryUrl, faults) }
  }
  const file = required(source, 'schema', fileName, faults)
  const text = file === '' ? '' : readFile(file, schema?.line ?? source.line, readText, faults)
  return { kind: 'text', text, framing: optional(source, 'framing', framings, 'bare', faults) }
}

function readFile(file: string, line: number, readText: (path: string) => string, faults: Fault[]): string {
  try {
    return readText(file)
  } catch (thrown) {
    const { message } = Failure.of(thrown, 'file-unreadable')
    faults.push({
      path: 'source.schema',
      line,
      found: `${JSON.stringify(file)}: ${message}`,
      expected: "a file that can be read, named from the spec's folder",
      hint: null,
    })
    return ''
  }
}
