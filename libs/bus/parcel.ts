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
  const parcels: Parcel[] = []
  const byTopic = new Map<string, { readonly partitions: number; readonly parcels: Map<number, Parcel> }>()
  for (let place = 0; place < messages.length; place++) {
    const message = messages[place]
    if (message === undefined) continue
    let known = byTopic.get(message.topic)
    if (known === undefined) {
      known = { partitions: partitionsOf(message.topic), parcels: new Map() }
      byTopic.set(message.topic, known)
    }
    const partition = message.partition ?? choose(message.key, known.partitions, keyless)
    let parcel = known.parcels.get(partition)
    if (parcel === undefined) {
      parcel = { topic: message.topic, partition, messages: [], places: [] }
      known.parcels.set(partition, parcel)
      parcels.push(parcel)
    }
    parcel.messages.push(message)
    parcel.places.push(place)
  }
  return parcels
}

function choose(key: Uint8Array | null, partitions: number, keyless: number): number {
  return key === null ? keyless % partitions : partitionOf(key, partitions)
}
