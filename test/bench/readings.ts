// Readings: the stream that the benches of judging run on: Avro records of some 200 bytes, 30 features (4 of them aggregates
// per key), 10,000 keys, and a dense detector of four layers that scores by Mahalanobis distance.
// Invariants
//   R1 a planted reading alarms and no other does: its values are far off, its key is its own, so that it moves no other's
//      aggregates.
//   R2 readings given out once more are later than the last, by their time field and their timestamp: none is late, none
//      repeats a moment. Time takes as many bytes whatever it is, so it is written into the encoded value.

import assert from 'node:assert/strict'
import { avroTypeOf, encode } from '../../libs/codec/avro.ts'
import { Random } from '../../libs/core/random.ts'
import { type Records, recordsOf } from '../../libs/core/records.ts'
import type { Model } from '../../libs/detector/model.ts'
import { parse } from '../../libs/stream/spec-parse.ts'
import type { Stream } from '../../libs/stream/stream.ts'
import { stream as compile } from '../../libs/stream/stream-compile.ts'
import { sampleModel } from '../detector/sample-model.ts'

const NUMBERS = 22
const MEAN = 50
const KEYS_DEFAULT = 10_000
const START_MS = 1_700_000_000_000
/** As zigzag varint, until the year 2039. */
const TIME_BYTES = 6
const PLANTED_FACTOR = 1e4
/** Scores of the others stay far below, those of planted readings lie far above. */
export const THRESHOLD = 1e5
export const PLANTED_KEY = 'planted-'

const schema = {
  type: 'record',
  name: 'Reading',
  fields: [
    { name: 'key', type: 'string' },
    { name: 'at', type: 'long' },
    { name: 'channel', type: 'string' },
    ...Array.from({ length: NUMBERS }, (_, i) => ({ name: `n${i}`, type: 'double' })),
    { name: 'note', type: 'string' },
  ],
}

const numberFeatures = Array.from({ length: NUMBERS }, (_, i) => {
  return `  - { name: n${i}, field: n${i}${i < 4 ? ', transform: log1p' : ''} }`
})

function specText(topic: string): string {
  return `stream: bench
source: { topic: ${topic}, format: avro, schema: ./bench.avsc, key: { field: key }, time: { field: at, unit: ms } }
features:
${numberFeatures.join('\n')}
  - { name: hour, field: at, cyclic: day }
  - { name: channel, field: channel, oneHot: [chip, online] }
  - { name: gap, sinceLast: true, transform: log1p }
  - { name: step, delta: n0 }
  - { name: count_1d, count: true, over: 1d, transform: log1p }
  - { name: mean_7d, mean: n0, over: 7d }
  - { name: std_7d, std: n0, over: 7d }
  - { name: max_7d, max: n1, over: 7d }
`
}

export function readingStream(topic: string): Stream {
  return compile(parse(specText(topic), 'bench.yaml', () => JSON.stringify(schema)))
}

/** Random weights behind a scaler that suits the rows. */
export function readingModel(stream: Stream): Model {
  const { width } = stream
  const model = sampleModel({
    widths: [width, 16, 8, 16, width],
    activation: { kind: 'leaky-relu', alpha: 0.1 },
    scoring: 'mahalanobis',
    members: 1,
    seed: 1,
  })
  return {
    ...model,
    layout: {
      ...model.layout,
      revision: stream.revision,
      features: stream.layout.map(({ spec }) => spec.name),
      groups: stream.groups,
    },
    scaler: { mean: new Float32Array(width), inverseScale: new Float32Array(width).fill(1 / MEAN), clip: 1e6 },
  }
}

export interface Reading {
  readonly key: Uint8Array
  readonly value: Uint8Array
  readonly timestampMs: number
}

export class Readings {
  readonly #random: Random
  readonly #type = avroTypeOf(JSON.stringify(schema))
  readonly #text = new TextEncoder()
  readonly #keys: number

  constructor(seed: number, keys = KEYS_DEFAULT) {
    this.#random = Random.derived(seed, 'readings')
    this.#keys = keys
  }

  /** The next of some key. */
  ordinary(atMs: number): Reading {
    return this.#reading(`customer-${this.#random.integer(this.#keys)}`, atMs, 1)
  }

  planted(name: string, atMs: number): Reading {
    return this.#reading(`${PLANTED_KEY}${name}`, atMs, PLANTED_FACTOR)
  }

  #reading(key: string, atMs: number, factor: number): Reading {
    const random = this.#random
    const fields: Record<string, unknown> = {
      key,
      at: atMs,
      channel: random.integer(3) > 0 ? 'chip' : 'online',
      note: 'n/a',
    }
    for (let n = 0; n < NUMBERS; n++) fields[`n${n}`] = random.exponential() * MEAN * factor
    return { key: this.#text.encode(key), value: encode(this.#type, fields), timestampMs: atMs }
  }
}

/** Ordinary readings a millisecond apart. */
export function readings(count: number, seed: number, keys = KEYS_DEFAULT): Reading[] {
  const source = new Readings(seed, keys)
  return Array.from({ length: count }, (_, i) => source.ordinary(START_MS + i))
}

/** The reading at another time, in bytes of its own. */
export function atTime({ key, value }: Reading, atMs: number): Reading {
  const moved = value.slice()
  putTime(moved, 0, atMs)
  return { key, value: moved, timestampMs: atMs }
}

/** Records of readings, and how to move all of them behind the last (R2). */
export function movable(list: readonly Reading[]): { readonly records: Records; later(): void } {
  const records = recordsOf(list)
  return {
    records,
    later() {
      for (let i = 0; i < records.count; i++) {
        const atMs = (records.timestampsMs[i] ?? 0) + records.count
        records.timestampsMs[i] = atMs
        putTime(records.bytes, records.valueAt[i] ?? 0, atMs)
      }
    },
  }
}

/** Behind the key, whose length takes one byte. */
function putTime(bytes: Uint8Array, valueAt: number, atMs: number): void {
  let at = valueAt + 1 + (bytes[valueAt] ?? 0) / 2
  let zigzag = 2 * atMs
  for (let i = 0; i < TIME_BYTES; i++) {
    bytes[at++] = (zigzag % 128) + (i < TIME_BYTES - 1 ? 128 : 0)
    zigzag = Math.floor(zigzag / 128)
  }
  assert.equal(zigzag, 0, 'R2: a time fits its bytes')
}
