// Send: messages to their partitions, so that a broker cannot lose one unseen. Owns no state.
// Invariants
//   S1 one partition per request: a request that spans brokers while a leader moves can lose a part and still succeed.
//   S2 sent means that the answer names the partition and the offset; anything else is a rejection.
//   S3 messages of one partition keep their order, in requests of bounded size.

import assert from 'node:assert/strict'
import type { Message as KafkaMessage, Producer, Transaction } from 'kafkajs'
import { Failure } from '../../core/failure.ts'
import type { Message } from '../../core/message.ts'
import { headersObject } from './record-encoder.ts'

/** kafkajs copies the list of a partition for every message in it, so long lists take quadratic time. */
const requestMessagesMax = 1_000
/** What a record takes beside its key, value and headers, amply. */
const recordOverheadBytes = 40

/** Messages of one partition that go in one request, and where they stand in the list that was given. */
export interface Request {
  readonly topic: string
  readonly partition: number
  readonly messages: readonly Message[]
  readonly indices: readonly number[]
}

/** Of messages that name a partition each. */
export function requestsOf(messages: readonly Message[], bytesMax: number): Request[] {
  const requests: Request[] = []
  const open = new Map<string, { messages: Message[]; indices: number[]; bytes: number }>()
  for (const [index, message] of messages.entries()) {
    const { partition } = message
    assert.ok(partition !== null, 'S1: a message must have its partition before it is sent')
    const key = `${partition}/${message.topic}`
    const bytes = bytesOf(message)
    let request = open.get(key)
    const full =
      request !== undefined && (request.bytes + bytes > bytesMax || request.messages.length >= requestMessagesMax)
    if (request === undefined || full) {
      request = { messages: [], indices: [], bytes: 0 }
      open.set(key, request)
      requests.push({ topic: message.topic, partition, messages: request.messages, indices: request.indices })
    }
    request.messages.push(message)
    request.indices.push(index)
    request.bytes += bytes
  }
  return requests
}

function bytesOf(message: Message): number {
  let bytes = recordOverheadBytes + (message.key?.length ?? 0) + (message.value?.length ?? 0)
  for (const [name, value] of message.headers) bytes += name.length + (value?.length ?? 0) + 10
  return bytes
}

/** Answers the offset of the first message. Rejects with what kafkajs threw, or with a Failure for a silent loss. */
export async function sendOne(through: Producer | Transaction, request: Request): Promise<number> {
  const { topic, partition } = request
  const messages = request.messages.map((message) => kafkaMessage(message, partition))
  const answers = await through.send({ topic, acks: -1, messages })
  const answer = answers[0]
  const offset = Number(answer?.baseOffset ?? -1)
  if (answers.length === 1 && answer?.partition === partition && answer.errorCode === 0 && offset >= 0) return offset
  throw new Failure(
    'commit-unknown',
    `sending to ${topic}/${partition} was answered without that partition; it may be lost and is to be sent again`,
  )
}

function kafkaMessage(message: Message, partition: number): KafkaMessage {
  return {
    partition,
    key: message.key === null ? null : bufferOf(message.key),
    value: message.value === null ? null : bufferOf(message.value),
    timestamp: String(message.timestampMs),
    ...(message.headers.length === 0 ? {} : { headers: headersObject(message.headers) }),
  }
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
