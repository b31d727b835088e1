// Order: what may be asked of the services by name of a stream: train it, change its champion, or hear what people say of its
// records. This file knows how an order is spelt in a request; carrying it out is for who composes the services.
//   POST /v1/streams/NAME/train     {}
//   POST /v1/streams/NAME/champion  {"version": "3fa9…"} or {"rollback": true}
//   POST /v1/streams/NAME/feedback  {"labels": [{"verdict": "anomaly", …}]}, each as libs/alert/feedback has it
// Only application/json is taken: a page of another site cannot send that without being asked first, and is refused then.

import { type Feedback, feedbackJson, feedbackOf } from '../../libs/alert/feedback.ts'
import { type Refusal, refusal } from './refusal.ts'

export type Order =
  | { readonly kind: 'train'; readonly stream: string }
  /** `version` may be the beginning of one. */
  | { readonly kind: 'promote'; readonly stream: string; readonly version: string }
  | { readonly kind: 'rollback'; readonly stream: string }
  | { readonly kind: 'label'; readonly stream: string; readonly labels: readonly Feedback[] }

export const LABELS_MAX = 500

export type OrderVerb = 'train' | 'champion' | 'feedback'

/** Bytes of a body. */
export const orderBytesMax: Readonly<Record<OrderVerb, number>> = {
  train: 4_096,
  champion: 4_096,
  feedback: 4 * 1_048_576,
}

const verbs: Readonly<Record<Order['kind'], OrderVerb>> = {
  train: 'train',
  promote: 'champion',
  rollback: 'champion',
  label: 'feedback',
}

/** The path and the body that `orderOf` understands. */
export function orderRequest(order: Order): { readonly path: string; readonly body: string } {
  const path = `/v1/streams/${encodeURIComponent(order.stream)}/${verbs[order.kind]}`
  switch (order.kind) {
    case 'train':
      return { path, body: '{}' }
    case 'promote':
      return { path, body: JSON.stringify({ version: order.version }) }
    case 'rollback':
      return { path, body: JSON.stringify({ rollback: true }) }
    case 'label':
      return { path, body: JSON.stringify({ labels: order.labels.map(feedbackJson) }) }
    default:
      return order satisfies never
  }
}

export function orderOf(stream: string, verb: OrderVerb, contentType: string, body: Uint8Array): Order | Refusal {
  if (contentType.split(';')[0]?.trim().toLowerCase() !== 'application/json') {
    return refusal(415, 'content-type-refused', 'send application/json')
  }
  const said = fieldsOf(body)
  if (said === null) return refusal(400, 'order-invalid', 'the body is no JSON object')
  if (verb === 'train') return { kind: 'train', stream }
  if (verb === 'feedback') return labelsOf(stream, said.labels)
  const { version, rollback } = said
  if (rollback === true && version === undefined) return { kind: 'rollback', stream }
  if (typeof version === 'string' && version !== '' && rollback === undefined)
    return { kind: 'promote', stream, version }
  return refusal(400, 'order-invalid', 'send {"version": "…"} or {"rollback": true}')
}

function labelsOf(stream: string, given: unknown): Order | Refusal {
  if (!Array.isArray(given) || given.length === 0 || given.length > LABELS_MAX)
    return refusal(400, 'order-invalid', `labels is no list of 1 to ${LABELS_MAX}`)
  const labels: Feedback[] = []
  for (const [i, each] of given.entries()) {
    const heard = feedbackOf(each)
    if (!('verdict' in heard)) return refusal(400, 'order-invalid', `label ${i + 1}: ${heard.reason}`)
    labels.push(heard)
  }
  return { kind: 'label', stream, labels }
}

function fieldsOf(body: Uint8Array): Readonly<Partial<Record<'version' | 'rollback' | 'labels', unknown>>> | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null
  } catch {
    return null
  }
}
