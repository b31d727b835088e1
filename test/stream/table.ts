// Table: streams, records and a decoder for tests of the fold, made from plain values. The decoder is the slow and obvious
// one (JSON.parse a record), so that these tests do not depend on the codecs.

import type { Columns, Decoder, SchemaNeed, Want } from '../../libs/codec/columns.ts'
import { type PlainRecord, type Records, recordsOf } from '../../libs/core/records.ts'
import { rejected } from '../../libs/core/verdict.ts'
import type { FeatureSpec, Spec } from '../../libs/stream/spec.ts'
import type { FeatureLayout, Stream } from '../../libs/stream/stream.ts'

export const HOUR = 3_600_000
export const DAY = 24 * HOUR

export interface Choice {
  readonly features: readonly FeatureSpec[]
  readonly rows?: number
  readonly latenessMs?: number
  readonly keysMax?: number
  readonly missing?: Spec['missing']
  readonly keyFormat?: Spec['source']['key']['format']
  readonly unit?: Spec['source']['time']['unit']
  readonly revision?: string
}

function specOf(choice: Choice): Spec {
  return {
    stream: 'table',
    source: {
      topic: 'table',
      format: 'json',
      schema: { kind: 'none' },
      key: { field: 'key', format: choice.keyFormat ?? 'utf8' },
      id: 'id',
      time: { field: 't', unit: choice.unit ?? 'ms' },
      latenessMs: choice.latenessMs ?? 5000,
      recordBytesMax: 1_000_000,
    },
    features: choice.features,
    window: { rows: choice.rows ?? 1 },
    missing: choice.missing ?? { kind: 'impute' },
    keysMax: choice.keysMax ?? 1000,
    detector: {
      kind: 'denoising',
      setting: 'balanced',
      loss: 'squared',
      thresholds: 'whole',
      alarms: { kind: 'rate', rate: 0.01 },
      tail: 'fixed',
    },
    training: { everyMs: DAY, historyMs: DAY, rowsMin: 1, rowsMax: 1000, feedbackDelayMs: 0, exclude: [] },
    delivery: 'exactly-once',
    alerts: { format: 'json', explain: 5 },
  }
}

export function streamOf(choice: Choice): Stream {
  const spec = specOf(choice)
  const wants: Want[] = [
    { kind: 'number', field: 't', parse: spec.source.time.unit === 'iso' ? 'iso' : 'number' },
    { kind: 'text', field: 'key' },
    { kind: 'text', field: 'id' },
  ]
  const wantOf = (want: Want): number => {
    const found = wants.findIndex((one) => JSON.stringify(one) === JSON.stringify(want))
    return found >= 0 ? found : wants.push(want) - 1
  }
  const layout: FeatureLayout[] = []
  let at = 0
  for (const feature of choice.features) {
    const span = feature.kind === 'cyclic' ? 2 : feature.kind === 'one-hot' ? feature.values.length : 1
    let want: number | null = null
    if (feature.kind === 'one-hot') want = wantOf({ kind: 'category', field: feature.field, values: feature.values })
    else if (feature.kind === 'cyclic' && feature.field === 't') want = 0
    else if ('field' in feature && feature.field !== null) {
      want = wantOf({ kind: 'number', field: feature.field, parse: 'number' })
    }
    layout.push({ spec: feature, at, span, want })
    at += span
  }
  const width = at * spec.window.rows
  const groups = Int32Array.from({ length: width }, (_, i) =>
    layout.findIndex((one) => i % at >= one.at && i % at < one.at + one.span),
  )
  return {
    spec,
    revision: choice.revision ?? '0123456789abcdef',
    wants,
    timeWant: 0,
    keyWant: 1,
    idWant: 2,
    layout,
    stepWidth: at,
    width,
    groups,
    horizonMs: 0,
  }
}

export interface Entry {
  readonly t: number | string | null
  readonly key: string | null
  readonly [field: string]: number | string | null
}

const encoder = new TextEncoder()

/** An entry as a record whose own key and timestamp agree with it. */
export function recordOf(entry: Entry, change: Partial<PlainRecord> = {}): PlainRecord {
  return {
    key: entry.key === null ? null : encoder.encode(entry.key),
    value: encoder.encode(JSON.stringify(entry)),
    timestampMs: typeof entry.t === 'number' ? entry.t : -1,
    ...change,
  }
}

export function entries(list: readonly Entry[], baseOffset = 0): Records {
  return recordsOf(
    list.map((entry) => recordOf(entry)),
    baseOffset,
  )
}

/** Decodes JSON objects of numbers and texts; the texts of a call are rendered into its scratch. */
export function parseDecoder(wants: readonly Want[]): Decoder {
  return {
    need: null as SchemaNeed | null,
    supply(): void {},
    decode(records: Records, from: number, to: number, columns: Columns): number {
      let scratch = ''
      for (let i = from; i < to; i++) {
        const at = records.valueAt[i] ?? 0
        const text = new TextDecoder().decode(records.bytes.subarray(at, at + (records.valueLength[i] ?? 0)))
        columns.faults[i - from] = 0
        if (!text.startsWith('{')) {
          columns.faults[i - from] = rejected('undecodable')
          continue
        }
        const object = new Map(Object.entries(JSON.parse(text) as Record<string, unknown>))
        for (const [w, want] of wants.entries()) scratch = put(columns, w, want, i - from, object, scratch)
      }
      columns.scratch = encoder.encode(scratch)
      return to
    },
  }
}

function put(
  columns: Columns,
  w: number,
  want: Want,
  row: number,
  object: ReadonlyMap<string, unknown>,
  scratch: string,
): string {
  const value = object.get(want.field) ?? null
  switch (want.kind) {
    case 'number':
      ;(columns.numbers[w] as Float64Array)[row] =
        value === null ? Number.NaN : want.parse === 'iso' ? Date.parse(String(value)) : Number(value)
      return scratch
    case 'category':
      ;(columns.codes[w] as Int32Array)[row] = value === null ? -2 : want.values.indexOf(String(value))
      return scratch
    case 'text':
      ;(columns.textAt[w] as Int32Array)[row] = encoder.encode(scratch).length
      ;(columns.textLength[w] as Int32Array)[row] = value === null ? -1 : encoder.encode(String(value)).length
      ;(columns.textScratch[w] as Uint8Array)[row] = 1
      return value === null ? scratch : scratch + String(value)
    default:
      return want satisfies never
  }
}
