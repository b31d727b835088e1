import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Feedback, feedbackJson } from '../../libs/alert/feedback.ts'
import { Failure } from '../../libs/core/failure.ts'
import { type Listening, listen } from '../../libs/run/http.ts'
import { consoleListener } from '../../services/console/console.ts'
import { LABELS_MAX, type Order, orderBytesMax, orderRequest } from '../../services/console/order.ts'

const json = { 'content-type': 'application/json' }

describe('orders', () => {
  const orders: Order[] = []
  const failures: Failure[] = []
  let fault: Failure | null = null
  let listening: Listening

  before(async () => {
    const listener = consoleListener({
      host: '127.0.0.1',
      token: null,
      publish: async () => [],
      sourceOf: () => null,
      hasStream: (name) => name === 'cards',
      order: async (order) => {
        if (fault !== null) throw fault
        orders.push(order)
        return { done: order.kind }
      },
      nowMs: () => 0,
      failed: (failure) => failures.push(failure),
    })
    listening = await listen('127.0.0.1', 0, listener)
  })
  after(() => listening.close())

  async function post(path: string, body: string, headers: Record<string, string> = json): Promise<[number, string]> {
    const response = await fetch(`http://127.0.0.1:${listening.port}${path}`, { method: 'POST', headers, body })
    const answer = (await response.json()) as { done?: string; error?: { code: string } }
    return [response.status, answer.error?.code ?? answer.done ?? '']
  }

  const said: Feedback = {
    verdict: 'anomaly',
    subject: { kind: 'position', topic: 't', partition: 0, offset: 7 },
    eventTimeMs: 5,
    by: 'ann',
    atMs: 6,
    note: null,
  }

  test('each is carried out as it was spelt', async () => {
    const sent: Order[] = [
      { kind: 'train', stream: 'cards' },
      { kind: 'promote', stream: 'cards', version: '3fa9' },
      { kind: 'rollback', stream: 'cards' },
      { kind: 'label', stream: 'cards', labels: [said, { ...said, subject: { kind: 'id', id: 'tx' }, note: 'odd' }] },
    ]
    for (const order of sent) {
      const { path, body } = orderRequest(order)
      assert.deepEqual(await post(path, body), [200, order.kind])
    }
    assert.deepEqual(orders, sent)
  })

  test('what is not meant so is refused and not carried out', async () => {
    const before = orders.length
    const champion = '/v1/streams/cards/champion'
    assert.deepEqual(await post('/v1/streams/other/train', '{}'), [404, 'stream-unknown'])
    assert.deepEqual(await post('/v1/streams/cards/records', '{}'), [404, 'not-found'])
    assert.deepEqual(await post('/v1/topics/cards/train', '{}'), [404, 'not-found'])
    for (const body of ['', '[]', '{"version":7}', '{}', '{"version":"a","rollback":true}', '{"version":""}']) {
      assert.deepEqual(await post(champion, body), [400, 'order-invalid'], body)
    }
    const feedback = '/v1/streams/cards/feedback'
    const good = feedbackJson(said)
    for (const labels of [[], good, [good, { ...good, verdict: 'maybe' }], new Array(LABELS_MAX + 1).fill(good)]) {
      assert.deepEqual(await post(feedback, JSON.stringify({ labels })), [400, 'order-invalid'])
    }
    // What a form on a page of another site can send.
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      assert.deepEqual(await post(champion, '{"rollback":true}', { 'content-type': type }), [
        415,
        'content-type-refused',
      ])
    }
    const other = { ...json, origin: 'http://example.org' }
    assert.deepEqual(await post(champion, '{"rollback":true}', other), [403, 'origin-refused'])
    assert.deepEqual(await post(champion, ' '.repeat(orderBytesMax.champion + 1)), [413, 'body-too-large'])
    assert.equal(orders.length, before)
  })

  test('a wrong order is answered, a failing log reported', async () => {
    fault = new Failure('promotion-lost', 'the champion is another by now')
    assert.deepEqual(await post('/v1/streams/cards/train', '{}'), [422, 'order-refused'])
    assert.equal(failures.length, 0)
    fault = new Failure('broker-unreachable', 'no broker answers')
    assert.deepEqual(await post('/v1/streams/cards/train', '{}'), [503, 'broker-unreachable'])
    assert.equal(failures.length, 1)
  })
})
