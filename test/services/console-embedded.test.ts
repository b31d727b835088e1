import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { embedded } from '../../libs/bus/embedded/embedded.ts'
import { keyBytes, valueBytes } from '../../libs/core/records.ts'
import { listen } from '../../libs/run/http.ts'
import { consoleListener } from '../../services/console/console.ts'
import { cards } from '../alert/anomalies.ts'

const text = (bytes: Uint8Array | null): string => new TextDecoder().decode(bytes ?? new Uint8Array(0))

test('what is sent by HTTP lies in the embedded log where the answer says', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'plumbline-console-'))
  const bus = await embedded({ dir: folder, mode: 'own' })
  const { source } = cards.spec
  await bus.ensureTopics([{ topic: source.topic, partitions: 3, cleanup: 'delete', retentionMs: null }])
  const listener = consoleListener({
    host: '127.0.0.1',
    token: null,
    publish: (messages) => bus.publish(messages),
    sourceOf: (topic) => (topic === source.topic ? source : null),
    hasStream: () => false,
    order: async () => ({}),
    nowMs: () => 1_700_000_000_000,
    failed: (failure) => assert.fail(failure),
  })
  const listening = await listen('127.0.0.1', 0, listener)
  try {
    const lines = Array.from({ length: 500 }, (_, i) => `{"customer":"c${i % 7}","at":${i}}`)
    const url = `http://127.0.0.1:${listening.port}/v1/topics/${source.topic}/records`
    const headers = { 'content-type': 'application/x-ndjson' }
    const response = await fetch(url, { method: 'POST', headers, body: lines.join('\n') })
    assert.equal(response.status, 200)
    const { offsets } = (await response.json()) as { offsets: { partition: number; offset: number }[] }
    assert.equal(offsets.length, lines.length)
    const found = new Map<string, string>()
    for (let partition = 0; partition < 3; partition++) {
      const range = await bus.range(source.topic, partition)
      for await (const records of bus.read(source.topic, partition, range.first, range.next)) {
        for (let i = 0; i < records.count; i++) {
          const place = `${partition}/${records.offsets[i]}`
          found.set(place, `${text(keyBytes(records, i))} ${text(valueBytes(records, i))}`)
        }
      }
    }
    assert.equal(found.size, lines.length)
    for (const [i, { partition, offset }] of offsets.entries()) {
      assert.equal(found.get(`${partition}/${offset}`), `c${i % 7} ${lines[i]}`)
    }
  } finally {
    await listening.close()
    await bus.close()
    await rm(folder, { recursive: true })
  }
})
