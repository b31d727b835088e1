// Open: which adapter, from plain values that can be handed to a worker thread.

import type { Bus } from './bus.ts'
import { type EmbeddedOptions, embedded } from './embedded/embedded.ts'
import { type KafkaOptions, kafka } from './kafka/kafka.ts'

export type BusSettings =
  | { readonly kind: 'embedded'; readonly options: EmbeddedOptions }
  | { readonly kind: 'kafka'; readonly options: KafkaOptions }

export async function openBus(settings: BusSettings): Promise<Bus> {
  switch (settings.kind) {
    case 'embedded':
      return await embedded(settings.options)
    case 'kafka':
      return await kafka(settings.options)
    default:
      return settings satisfies never
  }
}
