// Parcel: messages grouped by the topic partition that they go to. Owns no state.
// The order of messages within a partition is the order given.

import type { Message } from '../core/message.ts'
import { partitionOf } from './murmur2.ts'

export interface Parcel {
  readonly topic: string
  readonly partition: number
  readonly messages: Message[]
  /** Of each message, its place in the list that was given. */
  readonly places: number[]
}

/** Messages by topic partition. One with neither partition nor key goes to that of the number `keyless`. */
export function parcelsBy(
  messages: readonly Message[],
  partitionsOf: (topic: string) => number,
  keyless: number,
): Parcel[] {
  const parcels = new Map<string, Parcel>()
  for (const [place, message] of messages.entries()) {
    const { topic } = message
    const partition = message.partition ?? choose(message.key, partitionsOf(topic), keyless)
    const name = `${topic}/${partition}`
    let parcel = parcels.get(name)
    if (parcel === undefined) {
      parcel = { topic, partition, messages: [], places: [] }
      parcels.set(name, parcel)
    }
    parcel.messages.push(message)
    parcel.places.push(place)
  }
  return [...parcels.values()]
}

function choose(key: Uint8Array | null, partitions: number, keyless: number): number {
  return key === null ? keyless % partitions : partitionOf(key, partitions)
}
