// Train request: asks the trainer, on the control topic, to train a stream now. Keyed by the stream: whoever asks twice
// asks for the same.

import type { Message } from '../core/message.ts'

export interface TrainRequest {
  readonly kind: 'train'
  readonly stream: string
  /** Why a service asks; absent where a person does. */
  readonly because?: 'regime-changed'
  /** The detector that it asks to have replaced: once another one serves, there is nothing left to do. */
  readonly version?: string
}

/** `topic` is the control topic. */
export function trainRequest(topic: string, request: TrainRequest, timestampMs: number): Message {
  const text = new TextEncoder()
  const value = text.encode(JSON.stringify(request))
  return { topic, partition: null, key: text.encode(request.stream), value, headers: [], timestampMs }
}
