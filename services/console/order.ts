// Order: what may be asked of the services by name of a stream: train it, or change its champion. This file knows how an order
// is spelt in a request; carrying it out is for who composes the services.
//   POST /v1/streams/NAME/train     {}
//   POST /v1/streams/NAME/champion  {"version": "3fa9…"} or {"rollback": true}
// Only application/json is taken: a page of another site cannot send that without being asked first, and is refused then.

import { type Refusal, refusal } from './refusal.ts'

export type Order =
  | { readonly kind: 'train'; readonly stream: string }
  /** `version` may be the beginning of one. */
  | { readonly kind: 'promote'; readonly stream: string; readonly version: string }
  | { readonly kind: 'rollback'; readonly stream: string }

export const ORDER_BYTES_MAX = 4_096

export type OrderVerb = 'train' | 'champion'

/** The path and the body that `orderOf` understands. */
export function orderRequest(order: Order): { readonly path: string; readonly body: string } {
  const verb: OrderVerb = order.kind === 'train' ? 'train' : 'champion'
  const path = `/v1/streams/${encodeURIComponent(order.stream)}/${verb}`
  switch (order.kind) {
    case 'train':
      return { path, body: '{}' }
    case 'promote':
      return { path, body: JSON.stringify({ version: order.version }) }
    case 'rollback':
      return { path, body: JSON.stringify({ rollback: true }) }
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
  const { version, rollback } = said
  if (rollback === true && version === undefined) return { kind: 'rollback', stream }
  if (typeof version === 'string' && version !== '' && rollback === undefined)
    return { kind: 'promote', stream, version }
  return refusal(400, 'order-invalid', 'send {"version": "…"} or {"rollback": true}')
}

function fieldsOf(body: Uint8Array): Readonly<Partial<Record<'version' | 'rollback', unknown>>> | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null
  } catch {
    return null
  }
}
