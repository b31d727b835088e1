// Library: the one place where kafkajs is loaded. Before it is first required, some of its modules are replaced in Node's
// require cache. Two, so that its consumer hands out the bytes of record batches instead of building an object, two BigInts
// and several strings for every record:
//   src/protocol/requests/fetch/v4/decodeMessages.js   decodes the RECORDS field of every fetch version it uses
//   src/consumer/batch.js                              what its loop knows of a batch
// and two more write record batches by our own writer, which keeps headers as they are and takes a tenth of the time:
//   src/protocol/recordBatch/record/v0/index.js   passes a message on instead of encoding it alone
//   src/protocol/recordBatch/v0/index.js          encodes them all together; compressed batches stay kafkajs' own
// kafkajs keeps what it is good at: connections, groups, metadata, transactions. Measured with 150-byte records the
// client then takes about a sixth of the time for each, its checksum verified, which kafkajs never does.
// And one method: where a position is out of range, its consumer would commit "the beginning" to the group and go on there
// without a word; here the consumer ends, and the member finds out what was lost before it goes on.
// Invariants
//   L1 this holds for exactly the version below. With another one, or when somebody has loaded kafkajs before, nothing is
//      replaced: the client's own reader serves, slower, and a warning says so.
// `require` is used since only its cache lets modules be replaced, and kafkajs is CommonJS.

import Module, { createRequire } from 'node:module'
import type { Batch } from 'kafkajs'
import { keepCoordinators, tellPermission } from './coordinators.ts'
import { FetchedBatch, type PartitionData, RawRecords } from './fetched-batch.ts'
import { type BatchParts, encodeBatch, type KafkaRecord } from './record-encoder.ts'

export type Kafkajs = typeof import('kafkajs')

const versionKnown = '2.2.4'
const readerPath = 'kafkajs/src/protocol/requests/fetch/v4/decodeMessages.js'
const recordPath = 'kafkajs/src/protocol/recordBatch/record/v0/index.js'
const writerPath = 'kafkajs/src/protocol/recordBatch/v0/index.js'
const groupPath = 'kafkajs/src/consumer/consumerGroup.js'
const batchPath = 'kafkajs/src/consumer/batch.js'

/** The part of kafkajs' ConsumerGroup that we replace. */
interface GroupClass {
  readonly prototype: { recoverFromOffsetOutOfRange: (outOfRange: Error) => Promise<void> }
}

type EncodeBatch = (parts: BatchParts) => Promise<unknown>

interface Loaded {
  readonly kafkajs: Kafkajs
  /** The class that reads what a fetch brought of a partition: ours, or the client's own. */
  readonly Batch: new (
    topic: string,
    fetchedOffset: string,
    data: PartitionData,
  ) => Batch | FetchedBatch
  /** Null where our reader is in place. */
  readonly warning: string | null
}

/** The part of kafkajs' Decoder that we use. */
interface Decoder {
  readonly buffer: Uint8Array
  readonly offset: number
  readInt32(): number
  canReadBytes(length: number): boolean
  forward(length: number): void
}

async function decodeMessages(decoder: Decoder): Promise<RawRecords> {
  const length = decoder.readInt32()
  const at = decoder.offset
  if (length <= 0 || !decoder.canReadBytes(length)) return new RawRecords(decoder.buffer, at, at)
  decoder.forward(length)
  return new RawRecords(decoder.buffer, at, at + length)
}

function load(): Loaded {
  const require = createRequire(import.meta.url)
  const { version }: { version: string } = require('kafkajs/package.json')
  if (version !== versionKnown) {
    const warning = `kafkajs ${version} is installed, not ${versionKnown}: records are read by its own, slower reader`
    return { kafkajs: require('kafkajs'), Batch: require(batchPath), warning }
  }
  if (require.cache[require.resolve(batchPath)] !== undefined) {
    const warning = 'kafkajs was loaded by somebody else before: records are read by its own, slower reader'
    return { kafkajs: require('kafkajs'), Batch: require(batchPath), warning }
  }
  const replace = (path: string, exported: unknown): void => {
    const id = require.resolve(path)
    const module = new Module(id)
    module.filename = id
    module.loaded = true
    module.exports = exported
    require.cache[id] = module
  }
  replace(readerPath, decodeMessages)
  replace(batchPath, FetchedBatch)
  const original: { readonly RecordBatch: EncodeBatch; readonly MAGIC_BYTE: number } = require(writerPath)
  const encodeAlone: (record: KafkaRecord) => KafkaRecord = require(recordPath)
  const RecordBatch: EncodeBatch = async (parts) => {
    if ((parts.compression ?? 0) === 0) return encodeBatch(parts)
    return original.RecordBatch({ ...parts, records: parts.records.map(encodeAlone) })
  }
  replace(recordPath, (record: KafkaRecord) => record)
  replace(writerPath, { ...original, RecordBatch })
  const group: GroupClass = require(groupPath)
  const { KafkaJSNonRetriableError }: Kafkajs = require('kafkajs')
  group.prototype.recoverFromOffsetOutOfRange = async (outOfRange) => {
    throw new KafkaJSNonRetriableError(outOfRange)
  }
  keepCoordinators(require('kafkajs/src/cluster/index.js'), require('kafkajs/src/broker/index.js'))
  tellPermission(require('kafkajs/src/cluster/brokerPool.js'))
  return { kafkajs: require('kafkajs'), Batch: FetchedBatch, warning: null }
}

let loaded: Loaded | null = null

/** kafkajs, loaded at the first call. */
export function library(): Loaded {
  loaded ??= load()
  return loaded
}
