// The commit scheme call by call: what is asked of the client, and in which order, when each of its calls fails.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type TransactionClient, TransactionPort } from '../../libs/bus/transaction-port.ts'
import { Failure } from '../../libs/core/failure.ts'
import type { Message } from '../../libs/core/message.ts'

const failure = new Failure('timeout', 'no answer')

/** A client that notes its calls and fails at the one named. */
function noted(failsAt: string | null): { readonly client: TransactionClient; readonly calls: string[] } {
  const calls: string[] = []
  let armed = false
  const call = async (name: string): Promise<void> => {
    calls.push(name)
    if (armed && name === failsAt) throw failure
  }
  const client: TransactionClient = {
    producer: async (id) => {
      await call(`connect ${id}`)
      return {
        begin: async () => {
          await call('begin')
          return {
            send: (topic, partition, messages) => call(`send ${topic}/${partition} ${messages.length}`),
            sendOffset: (offset) => call(`offset ${offset}`),
            commit: () => call('commit'),
            abort: () => call('abort'),
          }
        },
        discard: () => call('discard'),
      }
    },
    committed: async () => {
      await call('read')
      armed = true
      return 5
    },
    partitions: async () => 1,
  }
  return { client, calls }
}

function message(topic: string, partition: number): Message {
  return { topic, partition, key: null, value: null, headers: [], timestampMs: 0 }
}

function portOf(
  client: TransactionClient,
  owns = true,
): { readonly port: TransactionPort; readonly results: string[] } {
  const results: string[] = []
  const on = (result: string): void => void results.push(result)
  const spec = { transactionalId: 'id', partition: 0, client, owns: () => owns, on }
  return { port: new TransactionPort(spec), results }
}

const outputs = [message('a', 0), message('b', 1), message('a', 0)]

test('T1 T2 T4 fence, then read; outputs by partition, then the offset, then the end', async () => {
  const { client, calls } = noted(null)
  const { port, results } = portOf(client)
  assert.equal(await port.fence(), 5)
  await port.commit(outputs, 9)
  assert.deepEqual(calls, [
    'connect id',
    'begin',
    'abort',
    'read',
    'begin',
    'send a/0 2',
    'send b/1 1',
    'offset 9',
    'commit',
  ])
  assert.deepEqual(results, ['committed'])
})

test('T3 whatever fails before the end is aborted, and the producer thrown away', async () => {
  for (const failsAt of ['begin', 'send b/1 1', 'offset 9']) {
    const { client, calls } = noted(failsAt)
    const { port, results } = portOf(client)
    await port.fence()
    await assert.rejects(port.commit(outputs, 9), { code: 'timeout' })
    assert.equal(calls.at(-1), 'discard')
    assert.equal(calls.slice(4).includes('abort'), failsAt !== 'begin')
    assert.ok(!calls.includes('commit'))
    assert.deepEqual(results, ['aborted'])
    await assert.rejects(port.commit(outputs, 9), { code: 'commit-unknown' })
  }
})

test('T3 a commit of unknown outcome is never aborted', async () => {
  const { client, calls } = noted('commit')
  const { port, results } = portOf(client)
  await port.fence()
  await assert.rejects(port.commit(outputs, 9), { code: 'timeout' })
  assert.deepEqual(calls.slice(-2), ['commit', 'discard'])
  assert.deepEqual(results, ['indefinite'])
})

test('T2 a partition that is not ours any more is not committed', async () => {
  const { client, calls } = noted(null)
  const { port, results } = portOf(client, false)
  await port.fence()
  await assert.rejects(port.commit(outputs, 9), { code: 'fenced' })
  assert.deepEqual(calls.slice(-2), ['abort', 'discard'])
  assert.deepEqual(results, ['fenced'])
})
