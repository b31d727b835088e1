// Bench of decoding: bytes of Avro and JSON records to the columns of a handful of wanted fields, one core.
// Baseline, same run and same records: the Avro library's fromBuffer and JSON.parse, which build the whole object.
// Not measured: fetching, decompression, what is done with the columns.

import avsc from 'avsc'
import { Columns, type Decoder, type Want } from '../../libs/codec/columns.ts'
import { jsonDecoder } from '../../libs/codec/json.ts'
import { avroDecoder } from '../../libs/codec/projection.ts'
import { Random } from '../../libs/core/random.ts'
import { type Records, recordsOf } from '../../libs/core/records.ts'
import { cpuUs, type Figure, figure, inTurn, type Size, took } from './figure.ts'

const SEED = 7
const RECORDS = 8192
const ROWS_MAX = 1024
const ROUNDS: Record<Size, number> = { full: 15, quick: 4 }
const WARM = 2
const ROUND_US = 40_000

const texts = ['id', 'customer_id', 'terminal_id', 'merchant', 'city', 'device']
const doubles = ['amount', 'fee', 'balance', 'latitude', 'longitude', 'risk', 'rate']
const longs = ['tx_time', 'settled_at', 'sequence', 'account']
const ints = ['attempts', 'mcc', 'terminal_age', 'items', 'zone']
const booleans = ['present', 'recurring', 'foreign']
const channels = ['chip', 'online', 'contactless', 'magstripe']

const schemaText = JSON.stringify({
  type: 'record',
  name: 'Payment',
  fields: [
    ...texts.map((name) => ({ name, type: 'string' })),
    ...longs.map((name) => ({ name, type: 'long' })),
    ...doubles.map((name) => ({ name, type: name === 'fee' ? ['null', 'double'] : 'double' })),
    ...ints.map((name) => ({ name, type: 'int' })),
    ...booleans.map((name) => ({ name, type: 'boolean' })),
    { name: 'channel', type: { type: 'enum', name: 'Channel', symbols: channels } },
    { name: 'currency', type: 'string' },
    { name: 'note', type: ['null', 'string'] },
    { name: 'rating', type: 'float' },
  ],
})

const wants: readonly Want[] = [
  { kind: 'text', field: 'customer_id' },
  { kind: 'number', field: 'tx_time', parse: 'number' },
  { kind: 'number', field: 'amount', parse: 'number' },
  { kind: 'number', field: 'items', parse: 'number' },
  { kind: 'category', field: 'channel', values: ['chip', 'online', 'contactless'] },
]

function payments(): Record<string, unknown>[] {
  const random = new Random(SEED)
  const text = (length: number): string =>
    Array.from({ length }, () => String.fromCharCode(97 + random.integer(26))).join('')
  return Array.from({ length: RECORDS }, (_, i) =>
    Object.fromEntries([
      ...texts.map((name) => [name, text(name === 'id' ? 24 : 14 + random.integer(10))]),
      ['tx_time', 1_700_000_000_000 + 37 * i],
      ['settled_at', 1_700_000_000_000 + 41 * i],
      ['sequence', i],
      ['account', random.integer(2 ** 31)],
      ...doubles.map((name) => [name, Math.round(random.exponential() * 10_000) / 100]),
      ...ints.map((name) => [name, random.integer(3000)]),
      ...booleans.map((name) => [name, random.uniform() < 0.5]),
      ['channel', channels[random.integer(channels.length)]],
      ['currency', 'EUR'],
      ['note', random.uniform() < 0.5 ? null : text(18)],
      ['rating', random.integer(100) / 4],
    ]),
  )
}

function through(decoder: Decoder, records: Records): () => void {
  const columns = new Columns(wants, ROWS_MAX)
  return () => {
    for (let from = 0; from < RECORDS; from += ROWS_MAX) {
      decoder.decode(records, from, from + ROWS_MAX, columns)
      if (columns.faults[ROWS_MAX - 1] !== 0) throw new Error('the bench decodes records that are sound')
    }
  }
}

async function compared(
  size: Size,
  name: string,
  floorName: string,
  values: readonly Uint8Array[],
  decoder: Decoder,
  whole: (value: Buffer) => void,
): Promise<Figure> {
  const buffers = values.map((value) => Buffer.from(value))
  const records = recordsOf(buffers.map((value) => ({ key: null, value, timestampMs: 0 })))
  const times = (pass: () => void) => (): number => {
    let us = 0
    let passes = 0
    for (; us < ROUND_US; passes++) us += took(cpuUs, pass)
    return us / (passes * RECORDS)
  }
  const ours = times(through(decoder, records))
  const baseline = times(() => buffers.forEach(whole))
  return figure({
    name: `decode ${name}, ${wants.length} of 29 fields, ${Math.round(records.bytes.length / RECORDS)} bytes`,
    ...(await inTurn(ROUNDS[size], WARM, ours, baseline)),
    unit: 'µs/record',
    floorName,
    notMeasured: 'fetching, decompression, what is done with the columns',
  })
}

export async function decode(size: Size): Promise<readonly Figure[]> {
  const type = avsc.Type.forSchema(JSON.parse(schemaText))
  const list = payments()
  const avro = list.map((payment) => type.toBuffer(payment))
  const json = list.map((payment) => Buffer.from(JSON.stringify(payment)))
  // Kept, so that no engine finds the objects unused.
  const kept: { last: unknown } = { last: null }
  const figures = [
    await compared(
      size,
      'Avro',
      "avsc's fromBuffer of all fields",
      avro,
      avroDecoder({ schemaText, framing: 'bare' }, wants),
      (value) => {
        kept.last = type.fromBuffer(value)
      },
    ),
    await compared(size, 'JSON', 'JSON.parse of all fields', json, jsonDecoder(wants), (value) => {
      kept.last = JSON.parse(value.toString())
    }),
  ]
  if (kept.last === null) throw new Error('the baseline built nothing')
  return figures
}
