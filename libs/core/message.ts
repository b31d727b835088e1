// Message: what is to be published. `partition` null lets the bus choose by the key (Kafka's murmur2 rule).

export type Header = readonly [name: string, value: Uint8Array | null]

export interface Message {
  readonly topic: string
  readonly partition: number | null
  readonly key: Uint8Array | null
  /** null deletes the key on a compacted topic. */
  readonly value: Uint8Array | null
  readonly headers: readonly Header[]
  readonly timestampMs: number
}
