// Raw producer: whole record batches to one partition over a socket of its own, acknowledged one by one. A client in
// JavaScript takes longer to write a topic than to read it; this one takes the time of its bytes. Plain listeners only.
// Kafka's protocol: a request is a length, then key, version, correlation and client id (header 1), then Produce version 3.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

const PRODUCE = 0
const VERSION = 3
const ALL_REPLICAS = -1
const TIMEOUT_MS = 30_000
const NO_STRING = -1
/** Right after a topic is made its leader does not know yet that it is. */
const notYet: readonly number[] = [3, 5, 6]
const RETRY_MS = 50
/** Of an answer to one partition: correlation, topics (1), name, partitions (1), partition; then the error code. */
const errorAt = (topic: Buffer): number => 4 + 4 + 2 + topic.length + 4 + 4

export class RawProducer {
  readonly #socket: Socket
  readonly #topic: Buffer
  readonly #partition: number

  private constructor(socket: Socket, topic: string, partition: number) {
    this.#socket = socket
    this.#topic = Buffer.from(topic)
    this.#partition = partition
  }

  /** `leader` is host:port of the broker that leads the partition. */
  static async connect(leader: string, topic: string, partition: number): Promise<RawProducer> {
    const [host = '', port = ''] = leader.split(':')
    const socket = connect({ host, port: Number(port), noDelay: true })
    await once(socket, 'connect')
    return new RawProducer(socket, topic, partition)
  }

  async send(batch: Uint8Array): Promise<void> {
    let code = await this.#send(batch)
    for (let waitedMs = 0; notYet.includes(code) && waitedMs < TIMEOUT_MS; waitedMs += RETRY_MS) {
      await wait(RETRY_MS)
      code = await this.#send(batch)
    }
    assert.equal(code, 0, `producing to ${this.#topic}/${this.#partition} was answered with error ${code}`)
  }

  async #send(batch: Uint8Array): Promise<number> {
    this.#socket.write(this.#head(batch.length))
    this.#socket.write(batch)
    return (await this.#answer()).readInt16BE(errorAt(this.#topic))
  }

  #head(batchBytes: number): Buffer {
    const header = [int16(PRODUCE), int16(VERSION), int32(0), int16(NO_STRING)]
    const request = [int16(NO_STRING), int16(ALL_REPLICAS), int32(TIMEOUT_MS)]
    const topic = [int32(1), int16(this.#topic.length), this.#topic]
    const head = Buffer.concat([...header, ...request, ...topic, int32(1), int32(this.#partition), int32(batchBytes)])
    return Buffer.concat([int32(head.length + batchBytes), head])
  }

  async #answer(): Promise<Buffer> {
    let read = Buffer.alloc(0)
    while (read.length < 4 || read.length < 4 + read.readInt32BE(0)) {
      const [part] = await once(this.#socket, 'data')
      read = Buffer.concat([read, part])
    }
    return read.subarray(4)
  }

  close(): void {
    this.#socket.destroy()
  }
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
