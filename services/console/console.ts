// Console: the API on its own port: records in (POST /v1/topics/NAME/records) and orders (POST /v1/streams/NAME/…).
// Owns the reading of bodies and its limits; who may ask is decided by the guard, what a body means by ingest
// and order.

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Published } from '../../libs/bus/bus.ts'
import { Failure } from '../../libs/core/failure.ts'
import type { Message } from '../../libs/core/message.ts'
import { answerText } from '../../libs/run/http.ts'
import type { Spec } from '../../libs/stream/spec.ts'
import { type GuardRules, guard } from './guard.ts'
import { ingest } from './ingest.ts'
import { type Order, type OrderVerb, orderBytesMax, orderOf } from './order.ts'
import { type Refusal, refusal, refusalText } from './refusal.ts'

export const BODY_BYTES_MAX = 16 * 1_048_576
/** Bodies that are held at the same time; together with their limit, what ingest may take of the memory. */
export const BODIES_MAX = 4

export interface ConsoleOptions extends GuardRules {
  readonly publish: (messages: readonly Message[]) => Promise<readonly Published[]>
  /** What is known of an input topic; null where no stream reads it. */
  readonly sourceOf: (topic: string) => Spec['source'] | null
  readonly hasStream: (name: string) => boolean
  /** Carries it out; a Failure of the asker's making (usage, a lost race) is answered, not reported. */
  readonly order: (order: Order) => Promise<unknown>
  readonly nowMs: () => number
  /** Told of what failed in us or in the world, not of what a client did wrong. */
  readonly failed: (failure: Failure) => void
}

const JSON_TYPE = 'application/json'

export function consoleListener(options: ConsoleOptions): RequestListener {
  const permit = guard(options)
  let bodies = 0
  return (request, response) => {
    const { host, origin, authorization } = request.headers
    const refused = permit({ host, origin, authorization }) ?? route(request, options)
    if (refused.kind === 'refused') return refuse(request, response, refused)
    if (bodies >= BODIES_MAX) {
      response.setHeader('retry-after', '1')
      return refuse(request, response, refusal(503, 'busy', `${BODIES_MAX} requests are being taken in; try again`))
    }
    bodies += 1
    take(request, options, refused)
      .then(
        (taken) => {
          if (taken.kind === 'refused') refuse(request, response, taken)
          else answerText(response, 200, `${JSON.stringify(taken.answer)}\n`, JSON_TYPE)
        },
        (thrown: unknown) => {
          const failure = Failure.of(thrown, 'broker-unreachable')
          options.failed(failure)
          // Whether it was taken is not known when a commit's outcome is not; the code says so.
          answerText(response, 503, refusalText(failure), JSON_TYPE)
        },
      )
      .finally(() => {
        bodies -= 1
      })
  }
}

type Route =
  | { readonly kind: 'records'; readonly source: Spec['source']; readonly key: string | null }
  | { readonly kind: 'order'; readonly stream: string; readonly verb: OrderVerb }

function route(request: IncomingMessage, options: ConsoleOptions): Route | Refusal {
  const [path = '', query = ''] = (request.url ?? '').split('?', 2)
  const [, what, encoded = '', verb] =
    /^\/v1\/(topics|streams)\/([^/]+)\/(records|train|champion|feedback)$/.exec(path) ?? []
  if (what === undefined || (what === 'topics') !== (verb === 'records')) {
    return refusal(
      404,
      'not-found',
      'there is POST /v1/topics/NAME/records and /v1/streams/NAME/train, /champion or /feedback',
    )
  }
  if (request.method !== 'POST') return refusal(405, 'method-refused', 'records and orders are sent by POST')
  if (verb === 'train' || verb === 'champion' || verb === 'feedback') {
    const stream = decoded(encoded)
    if (options.hasStream(stream)) return { kind: 'order', stream, verb }
    return refusal(404, 'stream-unknown', `no stream is called ${JSON.stringify(stream)}`)
  }
  const topic = decoded(encoded)
  const source = options.sourceOf(topic)
  if (source === null) return refusal(404, 'topic-unknown', `no stream reads the topic ${JSON.stringify(topic)}`)
  const stated = request.headers['x-plumbline-key'] ?? new URLSearchParams(query).get('key')
  return { kind: 'records', source, key: typeof stated === 'string' ? stated : null }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    // Not the name of any topic.
    return part
  }
}

interface Taken {
  readonly kind: 'taken'
  /** As JSON. */
  readonly answer: unknown
}

async function take(request: IncomingMessage, options: ConsoleOptions, wanted: Route): Promise<Taken | Refusal> {
  const encoding = request.headers['content-encoding'] ?? 'identity'
  if (encoding !== 'identity') return refusal(415, 'content-type-refused', `send it plain, not ${encoding}`)
  const body = await bodyOf(request, wanted.kind === 'order' ? orderBytesMax[wanted.verb] : BODY_BYTES_MAX)
  if ('kind' in body) return body
  const contentType = request.headers['content-type'] ?? ''
  if (wanted.kind === 'order') return await obey(options, orderOf(wanted.stream, wanted.verb, contentType, body))
  const { source, key } = wanted
  const ingested = ingest({ source, contentType, body, key, nowMs: options.nowMs() })
  if (ingested.kind === 'refused') return ingested
  const published = await options.publish(ingested.messages)
  // Where each record went, in the order sent.
  return { kind: 'taken', answer: { offsets: published.map(({ partition, offset }) => ({ partition, offset })) } }
}

async function obey(options: ConsoleOptions, order: Order | Refusal): Promise<Taken | Refusal> {
  if (order.kind === 'refused') return order
  try {
    return { kind: 'taken', answer: await options.order(order) }
  } catch (thrown) {
    if (!(thrown instanceof Failure) || (thrown.code !== 'usage' && thrown.code !== 'promotion-lost')) throw thrown
    return refusal(422, 'order-refused', thrown.message)
  }
}

async function bodyOf(request: IncomingMessage, bytesMax: number): Promise<Uint8Array | Refusal> {
  const tooLarge = refusal(413, 'body-too-large', `send at most ${bytesMax} bytes at a time`)
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) return tooLarge
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of request) {
      size += chunk.length
      if (size > bytesMax) return tooLarge
      chunks.push(chunk)
    }
  } catch {
    return refusal(400, 'body-incomplete', 'the connection ended before the body did; nothing was taken')
  }
  return Buffer.concat(chunks)
}

function refuse(request: IncomingMessage, response: ServerResponse, refused: Refusal): void {
  // What is left of the body is not read: the connection ends with the answer.
  if (!request.complete) response.setHeader('connection', 'close')
  if (refused.status === 401) response.setHeader('www-authenticate', 'Bearer')
  if (refused.status === 405) response.setHeader('allow', 'POST')
  answerText(response, refused.status, refusalText(refused), JSON_TYPE)
}
